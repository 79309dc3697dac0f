# pragma version 0.4.3
# The form of CryptoKitties: Transfer with nothing indexed (one topic, 96 bytes), and no way to burn.

event Transfer:
    sender: address
    receiver: address
    token_id: uint256

event Birth:
    owner: address
    token_id: uint256
    genes: uint256

minter: immutable(address)
owners: HashMap[uint256, address]
balances: HashMap[address, uint256]
count: public(uint256)


@deploy
def __init__():
    minter = msg.sender


@external
@view
def ownerOf(token_id: uint256) -> address:
    owner: address = self.owners[token_id]
    assert owner != empty(address)
    return owner


@external
@view
def balanceOf(owner: address) -> uint256:
    return self.balances[owner]


@external
def mint(receiver: address, token_id: uint256):
    assert msg.sender == minter and receiver != empty(address)
    assert self.owners[token_id] == empty(address)
    self.owners[token_id] = receiver
    self.balances[receiver] += 1
    self.count += 1
    log Birth(owner=receiver, token_id=token_id, genes=token_id ^ 7919)
    log Transfer(sender=empty(address), receiver=receiver, token_id=token_id)


@external
def transferFrom(sender: address, receiver: address, token_id: uint256):
    assert msg.sender == sender and receiver != empty(address)
    assert self.owners[token_id] == sender
    self.owners[token_id] = receiver
    self.balances[sender] -= 1
    self.balances[receiver] += 1
    log Transfer(sender=sender, receiver=receiver, token_id=token_id)
