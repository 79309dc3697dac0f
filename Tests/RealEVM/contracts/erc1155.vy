# pragma version 0.4.3
# A plain ERC-1155: single and batch, repeated ids in one batch, zero values, self transfers, burns.

event TransferSingle:
    operator: indexed(address)
    sender: indexed(address)
    receiver: indexed(address)
    token_id: uint256
    amount: uint256

event TransferBatch:
    operator: indexed(address)
    sender: indexed(address)
    receiver: indexed(address)
    token_ids: DynArray[uint256, 32]
    amounts: DynArray[uint256, 32]

minter: immutable(address)
balances: HashMap[uint256, HashMap[address, uint256]]


@deploy
def __init__():
    minter = msg.sender


@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    return interface_id in [0x01ffc9a7, 0xd9b67a26, 0x0e89341c]


@external
@view
def balanceOf(owner: address, token_id: uint256) -> uint256:
    return self.balances[token_id][owner]


@external
@view
def balanceOfBatch(owners: DynArray[address, 32], token_ids: DynArray[uint256, 32]) -> DynArray[uint256, 32]:
    assert len(owners) == len(token_ids)
    answer: DynArray[uint256, 32] = []
    for i: uint256 in range(len(owners), bound=32):
        answer.append(self.balances[token_ids[i]][owners[i]])
    return answer


@external
@view
def uri(token_id: uint256) -> String[64]:
    return "https://metadata.invalid/many/{id}.json"


@internal
def _move(sender: address, receiver: address, token_id: uint256, amount: uint256):
    if sender != empty(address):
        self.balances[token_id][sender] -= amount
    if receiver != empty(address):
        self.balances[token_id][receiver] += amount


@internal
def _single(sender: address, receiver: address, token_id: uint256, amount: uint256):
    self._move(sender, receiver, token_id, amount)
    log TransferSingle(
        operator=msg.sender, sender=sender, receiver=receiver, token_id=token_id, amount=amount
    )


@internal
def _batch(
    sender: address, receiver: address, token_ids: DynArray[uint256, 32], amounts: DynArray[uint256, 32]
):
    assert len(token_ids) == len(amounts)
    for i: uint256 in range(len(token_ids), bound=32):
        self._move(sender, receiver, token_ids[i], amounts[i])
    log TransferBatch(
        operator=msg.sender, sender=sender, receiver=receiver, token_ids=token_ids, amounts=amounts
    )


@external
def mint(receiver: address, token_id: uint256, amount: uint256):
    assert msg.sender == minter and receiver != empty(address)
    self._single(empty(address), receiver, token_id, amount)


@external
def mintBatch(receiver: address, token_ids: DynArray[uint256, 32], amounts: DynArray[uint256, 32]):
    assert msg.sender == minter and receiver != empty(address)
    self._batch(empty(address), receiver, token_ids, amounts)


# The standard's way to say that an id exists: nothing moves from zero to zero.
@external
def announce(token_id: uint256):
    log TransferSingle(
        operator=msg.sender, sender=empty(address), receiver=empty(address), token_id=token_id, amount=0
    )


@external
def safeTransferFrom(
    sender: address, receiver: address, token_id: uint256, amount: uint256, data: Bytes[64]
):
    assert msg.sender == sender and receiver != empty(address)
    self._single(sender, receiver, token_id, amount)


@external
def safeBatchTransferFrom(
    sender: address,
    receiver: address,
    token_ids: DynArray[uint256, 32],
    amounts: DynArray[uint256, 32],
    data: Bytes[64],
):
    assert msg.sender == sender and receiver != empty(address)
    self._batch(sender, receiver, token_ids, amounts)


@external
def burn(token_id: uint256, amount: uint256):
    self._single(msg.sender, empty(address), token_id, amount)


@external
def burnBatch(token_ids: DynArray[uint256, 32], amounts: DynArray[uint256, 32]):
    self._batch(msg.sender, empty(address), token_ids, amounts)
