# pragma version 0.4.3
# Emits well-formed ERC-721 events and lies in every answer: even ids belong to whoever asks, odd ids to one fixed
# address, everybody holds 77 of everything, and it supports every interface, 0xffffffff too.

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    token_id: indexed(uint256)


@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    return True


@external
@view
def ownerOf(token_id: uint256) -> address:
    if token_id % 2 == 0:
        return msg.sender
    return 0x1111111111111111111111111111111111111111


@external
@view
def balanceOf(owner: address) -> uint256:
    return 77


@external
def claim(sender: address, receiver: address, token_id: uint256):
    log Transfer(sender=sender, receiver=receiver, token_id=token_id)
