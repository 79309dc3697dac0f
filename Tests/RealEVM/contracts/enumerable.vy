# pragma version 0.4.3
# An ERC-721 that enumerates its tokens (0x780e9d63), in an order that changes with each burn. Anybody mints and moves.

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    token_id: indexed(uint256)

owners: HashMap[uint256, address]
balances: HashMap[address, uint256]
tokens: DynArray[uint256, 4096]
places: HashMap[uint256, uint256]


@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    return interface_id in [0x01ffc9a7, 0x80ac58cd, 0x780e9d63]


@external
@view
def totalSupply() -> uint256:
    return len(self.tokens)


@external
@view
def tokenByIndex(index: uint256) -> uint256:
    return self.tokens[index]


@external
@view
def ownerOf(token_id: uint256) -> address:
    owner: address = self.owners[token_id]
    assert owner != empty(address), "no such token"
    return owner


@external
@view
def balanceOf(owner: address) -> uint256:
    return self.balances[owner]


@external
def mint(receiver: address, token_id: uint256):
    assert self.owners[token_id] == empty(address) and receiver != empty(address)
    self.owners[token_id] = receiver
    self.balances[receiver] += 1
    self.places[token_id] = len(self.tokens)
    self.tokens.append(token_id)
    log Transfer(sender=empty(address), receiver=receiver, token_id=token_id)


@external
def move(receiver: address, token_id: uint256):
    sender: address = self.owners[token_id]
    assert sender != empty(address) and receiver != empty(address)
    self.owners[token_id] = receiver
    self.balances[sender] -= 1
    self.balances[receiver] += 1
    log Transfer(sender=sender, receiver=receiver, token_id=token_id)


@external
def burn(token_id: uint256):
    sender: address = self.owners[token_id]
    assert sender != empty(address)
    self.owners[token_id] = empty(address)
    self.balances[sender] -= 1
    last: uint256 = self.tokens.pop()
    if last != token_id:
        place: uint256 = self.places[token_id]
        self.tokens[place] = last
        self.places[last] = place
    log Transfer(sender=sender, receiver=empty(address), token_id=token_id)
