# pragma version 0.4.3
# Emits whatever it is told to: any topics, any data. Its answers have nothing to do with its events.


@external
def raw0(data: Bytes[4096]):
    raw_log([], data)


@external
def raw1(a: bytes32, data: Bytes[4096]):
    raw_log([a], data)


@external
def raw2(a: bytes32, b: bytes32, data: Bytes[4096]):
    raw_log([a, b], data)


@external
def raw3(a: bytes32, b: bytes32, c: bytes32, data: Bytes[4096]):
    raw_log([a, b, c], data)


@external
def raw4(a: bytes32, b: bytes32, c: bytes32, d: bytes32, data: Bytes[4096]):
    raw_log([a, b, c, d], data)


@external
@view
def ownerOf(token_id: uint256) -> address:
    return self


@external
@view
def balanceOf(owner: address, token_id: uint256) -> uint256:
    return max_value(uint256)


@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    return True
