# pragma version 0.4.3
# ERC-2309: ranges minted in the constructor and later, moved and burned as ranges, with single transfers in between.
# Every assignment gets a turn number; a token's owner is that of the newest assignment that covers it.

event ConsecutiveTransfer:
    first: indexed(uint256)
    last: uint256
    sender: indexed(address)
    receiver: indexed(address)

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    token_id: indexed(uint256)

struct Span:
    first: uint256
    last: uint256
    owner: address
    turn: uint256

struct Single:
    owner: address
    turn: uint256

minter: immutable(address)
turn: uint256
spans: DynArray[Span, 200]
singles: HashMap[uint256, Single]


@deploy
def __init__(receiver: address, count: uint256):
    minter = msg.sender
    if count > 0:
        self._span(0, count - 1, empty(address), receiver)


@internal
def _span(first: uint256, last: uint256, sender: address, receiver: address):
    assert first <= last
    self.turn += 1
    self.spans.append(Span(first=first, last=last, owner=receiver, turn=self.turn))
    log ConsecutiveTransfer(first=first, last=last, sender=sender, receiver=receiver)


@internal
@view
def _owner(token_id: uint256) -> address:
    turn: uint256 = self.singles[token_id].turn
    i: uint256 = len(self.spans)
    for _: uint256 in range(200):
        if i == 0:
            break
        i -= 1
        if token_id <= self.spans[i].last and self.spans[i].first <= token_id:
            if self.spans[i].turn < turn:
                break
            return self.spans[i].owner
    return self.singles[token_id].owner


@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    return interface_id in [0x01ffc9a7, 0x80ac58cd]


@external
@view
def ownerOf(token_id: uint256) -> address:
    owner: address = self._owner(token_id)
    assert owner != empty(address), "no such token"
    return owner


# The scenario promises that nobody owns anything in between; the ends are checked.
@external
def mint_range(first: uint256, last: uint256, receiver: address):
    assert msg.sender == minter and receiver != empty(address)
    assert self._owner(first) == empty(address) and self._owner(last) == empty(address)
    self._span(first, last, empty(address), receiver)


@external
def transfer_range(first: uint256, last: uint256, receiver: address):
    assert self._owner(first) == msg.sender and self._owner(last) == msg.sender
    self._span(first, last, msg.sender, receiver)


@external
def transferFrom(sender: address, receiver: address, token_id: uint256):
    assert msg.sender == sender and receiver != empty(address)
    assert self._owner(token_id) == sender
    self.turn += 1
    self.singles[token_id] = Single(owner=receiver, turn=self.turn)
    log Transfer(sender=sender, receiver=receiver, token_id=token_id)


@external
def burn(token_id: uint256):
    assert self._owner(token_id) == msg.sender
    self.turn += 1
    self.singles[token_id] = Single(owner=empty(address), turn=self.turn)
    log Transfer(sender=msg.sender, receiver=empty(address), token_id=token_id)
