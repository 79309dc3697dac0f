# pragma version 0.4.3
# An ERC-20: the same Transfer topic with three topics and the value in the data. It must never be indexed.

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

decimals: public(constant(uint8)) = 18
minter: immutable(address)
balanceOf: public(HashMap[address, uint256])
totalSupply: public(uint256)


@deploy
def __init__():
    minter = msg.sender


@external
def mint(receiver: address, amount: uint256):
    assert msg.sender == minter
    self.balanceOf[receiver] += amount
    self.totalSupply += amount
    log Transfer(sender=empty(address), receiver=receiver, value=amount)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=msg.sender, receiver=receiver, value=amount)
    return True
