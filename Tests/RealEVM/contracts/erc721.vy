# pragma version 0.4.3
# A plain ERC-721 with minting, burning and minting again. The deployer mints.

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    token_id: indexed(uint256)

name: public(constant(String[16])) = "Plain"
symbol: public(constant(String[8])) = "PLN"
minter: immutable(address)
owners: HashMap[uint256, address]
balances: HashMap[address, uint256]


@deploy
def __init__():
    minter = msg.sender


@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    return interface_id in [0x01ffc9a7, 0x80ac58cd, 0x5b5e139f]


@external
@view
def ownerOf(token_id: uint256) -> address:
    owner: address = self.owners[token_id]
    assert owner != empty(address), "no such token"
    return owner


@external
@view
def balanceOf(owner: address) -> uint256:
    assert owner != empty(address), "zero address"
    return self.balances[owner]


@external
@view
def tokenURI(token_id: uint256) -> String[128]:
    assert self.owners[token_id] != empty(address), "no such token"
    return concat("https://metadata.invalid/plain/", uint2str(token_id))


@internal
def _move(sender: address, receiver: address, token_id: uint256):
    assert self.owners[token_id] == sender, "not the owner"
    self.owners[token_id] = receiver
    if sender != empty(address):
        self.balances[sender] -= 1
    if receiver != empty(address):
        self.balances[receiver] += 1
    log Transfer(sender=sender, receiver=receiver, token_id=token_id)


@external
def mint(receiver: address, token_id: uint256):
    assert msg.sender == minter and receiver != empty(address)
    self._move(empty(address), receiver, token_id)


@external
def mint_many(receiver: address, first: uint256, count: uint256):
    assert msg.sender == minter and receiver != empty(address)
    for i: uint256 in range(count, bound=64):
        self._move(empty(address), receiver, first + i)


@external
def transferFrom(sender: address, receiver: address, token_id: uint256):
    assert msg.sender == sender and receiver != empty(address)
    self._move(sender, receiver, token_id)


@external
def burn(token_id: uint256):
    assert msg.sender == self.owners[token_id]
    self._move(msg.sender, empty(address), token_id)


# One transaction: mint, two transfers, a self transfer, burn, mint again.
@external
def churn(token_id: uint256, a: address, b: address, c: address):
    assert msg.sender == minter
    self._move(empty(address), a, token_id)
    self._move(a, b, token_id)
    self._move(b, c, token_id)
    self._move(c, c, token_id)
    self._move(c, empty(address), token_id)
    self._move(empty(address), b, token_id)
