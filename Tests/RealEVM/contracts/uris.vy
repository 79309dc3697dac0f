# pragma version 0.4.3
# An ERC-721 whose tokens have whatever URI they were minted with, byte for byte; one that begins with a zero byte is not
# given at all: the contract reverts. `Bytes` and `String` are encoded alike, and only the former takes what is no UTF-8.

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    token_id: indexed(uint256)

owners: HashMap[uint256, address]
uris: HashMap[uint256, Bytes[12000]]


@external
@view
def ownerOf(token_id: uint256) -> address:
    assert self.owners[token_id] != empty(address), "no such token"
    return self.owners[token_id]


@external
@view
def tokenURI(token_id: uint256) -> Bytes[12000]:
    uri: Bytes[12000] = self.uris[token_id]
    if len(uri) > 0:
        assert convert(slice(uri, 0, 1), uint256) != 0, "not revealed"
    return uri


@external
def mint(receiver: address, token_id: uint256, uri: Bytes[12000]):
    self.owners[token_id] = receiver
    self.uris[token_id] = uri
    log Transfer(sender=empty(address), receiver=receiver, token_id=token_id)


@external
def set_uri(token_id: uint256, uri: Bytes[12000]):
    self.uris[token_id] = uri
