"""A development chain on a real EVM (py-evm, Cancun): mining, branches, and reorgs in one step.

Blocks are built with real state tries, receipts, blooms and hashes. Orphaned blocks stay findable by hash, as in geth.
Whatever a reader needs together is read under `chain.lock`; mining executes outside of it and only publishes inside.
"""

import collections
import threading

from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.db.chain import ChainDB
from eth.vm.chain_context import ChainContext
from eth.vm.forks.cancun import CancunVM
from eth.vm.message import Message
from eth_hash.auto import keccak
from eth_keys import keys

ZERO = b"\x00" * 20
CALL_GAS = 50_000_000


class Reverted(Exception):
    """An eth_call that failed in the contract; `output` is its revert data."""

    def __init__(self, output, text="execution reverted"):
        super().__init__(text)
        self.output = output


class Log:
    __slots__ = ("block", "index", "tx", "tx_index", "address", "topics", "data")

    def __init__(self, block, index, tx, tx_index, address, topics, data):
        self.block, self.index, self.tx, self.tx_index = block, index, tx, tx_index
        self.address, self.topics, self.data = address, topics, data


class Block:
    """A mined block with everything an answer is made of. Never changed after it is made."""

    __slots__ = ("header", "hash", "number", "timestamp", "txs", "receipts", "created", "logs", "cache")

    def __init__(self, header, txs, receipts, created):
        self.header, self.hash, self.number = header, header.hash, header.block_number
        self.timestamp, self.txs, self.receipts, self.created = header.timestamp, txs, receipts, created
        self.cache = {}
        self.logs = []
        for tx_index, (tx, receipt) in enumerate(zip(txs, receipts)):
            for address, topics, data in receipt.logs:
                words = tuple(topic.to_bytes(32, "big") for topic in topics)
                self.logs.append(Log(self, len(self.logs), tx, tx_index, address, words, data))


class Account:
    """A key and its address."""

    def __init__(self, seed):
        self.key = keys.PrivateKey(keccak(seed))
        self.address = self.key.public_key.to_canonical_address()


class Chain:
    BLOCK_SECONDS = 3
    GAS_LIMIT = 30_000_000

    def __init__(self, chain_id, rich, timestamp=1_700_000_000):
        self.chain_id = chain_id
        self.lock = threading.RLock()
        self.db = AtomicDB()
        self.chaindb = ChainDB(self.db)
        self.context = ChainContext(chain_id)
        self.builder = CancunVM.get_transaction_builder()
        world = {a: {"balance": 10**27, "nonce": 0, "code": b"", "storage": {}} for a in rich}
        chain_class = MiningChain.configure(
            __name__="DevelopmentChain", vm_configuration=((0, CancunVM),), chain_id=chain_id
        )
        genesis = chain_class.from_genesis(
            self.db,
            {
                "difficulty": 0,
                "gas_limit": self.GAS_LIMIT,
                "timestamp": timestamp,
                "extra_data": b"holdfast test chain",
                "base_fee_per_gas": 10**9,
            },
            world,
        ).get_canonical_block_header_by_number(0)
        block = Block(genesis, (), (), ())
        self.by_hash = {block.hash: block}
        self.canonical = [block]
        self.tx_places = {}
        self.finalized = 0
        self.reorgs = []
        self.states = collections.OrderedDict()
        self.states_lock = threading.Lock()

    # Reading

    @property
    def head(self):
        return self.canonical[-1]

    def block(self, at):
        """By number (canonical) or by hash (any block that was ever mined), else None."""
        with self.lock:
            if isinstance(at, bytes):
                return self.by_hash.get(at)
            return self.canonical[at] if 0 <= at < len(self.canonical) else None

    def is_canonical(self, block):
        with self.lock:
            return block.number < len(self.canonical) and self.canonical[block.number] is block

    def logs(self, first, last):
        with self.lock:
            blocks = self.canonical[first : last + 1]
        return [log for block in blocks for log in block.logs]

    def call(self, block, to, data, sender=ZERO, value=0, gas=CALL_GAS):
        """eth_call on the state after `block`. One call at a time: a state object is kept per block."""
        with self.states_lock:
            state = self._state(block)
            snapshot = state.snapshot()
            try:
                message = Message(
                    gas=gas,
                    to=to,
                    sender=sender,
                    value=value,
                    data=data,
                    code=state.get_code(to),
                    should_transfer_value=False,
                )
                context = state.get_transaction_context_class()(gas_price=0, origin=sender)
                done = state.computation_class.apply_message(state, message, context)
            finally:
                state.revert(snapshot)
        if done.is_error:
            raise Reverted(done.output, str(done.error) or "execution reverted")
        return done.output

    def code(self, block, address):
        with self.states_lock:
            return self._state(block).get_code(address)

    def _state(self, block):
        state = self.states.get(block.hash)
        if state is None:
            state = CancunVM.build_state(self.db, block.header, self.context)
            self.states[block.hash] = state
            if len(self.states) > 16:
                self.states.popitem(last=False)
        return state

    # Making blocks

    def sign(self, account, nonce, to, data, gas=3_000_000, kind=2, value=0):
        """A signed transaction: kind 0 legacy, 1 with access list, 2 with dynamic fee. `to` is b"" to create."""
        price = 10**11
        if kind == 0:
            unsigned = self.builder.create_unsigned_transaction(
                nonce=nonce, gas_price=price, gas=gas, to=to, value=value, data=data
            )
            return unsigned.as_signed_transaction(account.key, chain_id=self.chain_id)
        if kind == 1:
            unsigned = self.builder.new_unsigned_access_list_transaction(
                self.chain_id, nonce, price, gas, to, value, data, ()
            )
        else:
            unsigned = self.builder.new_unsigned_dynamic_fee_transaction(
                self.chain_id, nonce, 10**9, price, gas, to, value, data, ()
            )
        return unsigned.as_signed_transaction(account.key)

    def build(self, parent, txs, salt=b""):
        """Executes the transactions on `parent` and makes a block of them that nobody can see yet."""
        header = CancunVM.create_header_from_parent(
            parent.header,
            timestamp=parent.timestamp + self.BLOCK_SECONDS,
            extra_data=salt,
            gas_limit=self.GAS_LIMIT,
        )
        vm = CancunVM(header, self.chaindb, self.context, None)
        filled, receipts, created = header, [], []
        for tx in txs:
            receipt, done = vm.apply_transaction(filled, tx)
            filled = vm.add_receipt_to_header(filled, receipt)
            receipts.append(receipt)
            created.append(done.msg.storage_address if done.msg.is_create and done.is_success else None)
        packed = vm.set_block_transactions_and_withdrawals(vm.get_block(), filled, txs, receipts)
        final = vm.finalize_block(packed).block
        return Block(final.header, tuple(txs), tuple(receipts), tuple(created))

    def publish(self, blocks, finalized=None):
        """Makes the last of `blocks` the head, in one step; earlier ones must lead to it from a known block."""
        with self.lock:
            for block in blocks:
                assert block.header.parent_hash in self.by_hash
                self.by_hash[block.hash] = block
            branch, block = [], blocks[-1]
            while not (block.number < len(self.canonical) and self.canonical[block.number] is block):
                branch.append(block)
                block = self.by_hash[block.header.parent_hash]
            assert block.number >= self.finalized, "a finalized block cannot be replaced"
            old = self.canonical[block.number + 1 :]
            for gone in old:
                for tx in gone.txs:
                    self.tx_places.pop(tx.hash, None)
            del self.canonical[block.number + 1 :]
            for block in reversed(branch):
                self.canonical.append(block)
                for index, tx in enumerate(block.txs):
                    self.tx_places[tx.hash] = (block, index)
            if old:
                self.reorgs.append((old, list(reversed(branch))))
            if finalized is not None:
                assert self.finalized <= finalized < len(self.canonical)
                self.finalized = finalized

    def mine(self, txs=(), finalized=None):
        block = self.build(self.head, list(txs))
        self.publish([block], finalized)
        return block
