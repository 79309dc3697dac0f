"""A seeded player: deploys the contracts, mints, moves, burns, lies, and reorganises the chain under everybody's eyes.

It keeps a model of each branch only to choose sensible transactions; the test never compares with that model, but with
the EVM itself. What it does keep for the test is every id and every (id, account) it ever touched, on any branch.
"""

import argparse
import random
import time

import rlp
from eth_hash.auto import keccak

import compiler
from chain import Account, Chain
from fold import BATCH, CONSECUTIVE, SINGLE, TRANSFER

ZERO = b"\x00" * 20
DEAD = bytes.fromhex("000000000000000000000000000000000000dead")
TOP = 2**256 - 1
FINALITY = 16
HUGE = (2**200, 2**200 + 2**128 - 1)
CHAIN_ID = 424242

CONFORMING = {"erc721", "others_erc721", "kitties", "erc2309", "erc1155", "others_erc1155"}
UNIQUE = {"erc721", "others_erc721", "kitties", "erc2309"}
COUNTED = {"erc1155", "others_erc1155"}
HOSTILE = {"liar", "hostile"}


def word(value):
    if isinstance(value, bytes):
        value = int.from_bytes(value, "big")
    return value.to_bytes(32, "big")


def abi(signature, *values):
    """A call's data; ints and addresses (bytes of 20), lists of ints, strings and longer bytes."""
    heads, tails = [], b""
    for value in values:
        if isinstance(value, str):
            value = value.encode() or bytearray()
        if isinstance(value, list):
            tail = word(len(value)) + b"".join(map(word, value))
        elif isinstance(value, (bytes, bytearray)) and len(value) not in (20, 32):
            tail = word(len(value)) + bytes(value) + b"\x00" * (-len(value) % 32)
        else:
            heads.append(word(value))
            continue
        heads.append(word(32 * len(values) + len(tails)))
        tails += tail
    return keccak(signature.encode())[:4] + b"".join(heads) + tails


class Spans:
    """Owners of whole intervals: a sorted list of (first, last, owner)."""

    def __init__(self, parts=()):
        self.parts = list(parts)

    def copy(self):
        return Spans(self.parts)

    def assign(self, first, last, owner):
        kept = []
        for a, b, who in self.parts:
            if b < first or a > last:
                kept.append((a, b, who))
                continue
            if a < first:
                kept.append((a, first - 1, who))
            if b > last:
                kept.append((last + 1, b, who))
        if owner is not None:
            kept.append((first, last, owner))
        self.parts = sorted(kept)


class Model:
    """One branch's state as far as the player needs it."""

    def __init__(self):
        self.nonces, self.kinds, self.owners, self.sums, self.spans = {}, {}, {}, {}, {}
        self.burned, self.counters = {}, {}

    def copy(self):
        other = Model()
        other.nonces, other.kinds, other.counters = dict(self.nonces), dict(self.kinds), dict(self.counters)
        other.owners = {c: dict(d) for c, d in self.owners.items()}
        other.sums = {c: dict(d) for c, d in self.sums.items()}
        other.burned = {c: list(d) for c, d in self.burned.items()}
        other.spans = {c: s.copy() for c, s in self.spans.items()}
        return other


class Planned:
    """A signed transaction and what it does to the model if it succeeds."""

    __slots__ = ("tx", "sender", "effect", "expected", "twin")

    def __init__(self, tx, sender, effect, expected, twin):
        self.tx, self.sender, self.effect, self.expected, self.twin = tx, sender, effect, expected, twin


class Scenario:
    def __init__(self, seed=1, blocks=320, simple=False):
        self.random = random.Random(seed)
        self.blocks, self.simple = blocks, simple
        self.accounts = [Account(b"holdfast %d" % i) for i in range(24)]
        self.deployer, self.twin_deployer = Account(b"holdfast deployer"), Account(b"holdfast twin")
        people = [*self.accounts, self.deployer, self.twin_deployer]
        self.by_address = {a.address: a for a in people}
        self.chain = Chain(CHAIN_ID, [a.address for a in people])
        names = ["erc721", "erc1155"]
        if not simple:
            names += ["erc2309", "kitties", "erc20", "liar", "hostile", "others_erc721", "others_erc1155"]
        self.codes = compiler.compile_all(names)
        self.model = Model()
        self.models = {self.chain.head.hash: self.model.copy()}
        self.effects = {}  # block hash → its Planned
        self.pending = []
        self.touched_ids, self.touched_pairs = {}, {}
        self.edges = {}  # contract → ids touched singly or as the end of a range
        self.kinds_seen = {}  # address → kinds that ever stood there
        self.transactions = self.failed = self.blocks_mined = self.surprises = 0
        self.twin = None
        at = [int(blocks * part) for part in (0.3, 0.55, 0.8)]
        # height → depth, length of the branch when it first becomes canonical, twin contract
        self.reorg_plan = {} if simple else {at[0]: (1, 2, False), at[1]: (5, 2, False), at[2]: (12, 13, True)}
        self.reorgs_done = []

    # What the test asks

    def kinds(self):
        """address → kind on the canonical branch."""
        return dict(self.model.kinds)

    def touch(self, contract, token, *accounts):
        self.touched_ids.setdefault(contract, set()).add(token)
        for account in accounts:
            if account != ZERO:
                self.touched_pairs.setdefault(contract, set()).add((token, account))

    def touch_range(self, contract, first, last, *accounts):
        if last - first < 6000:
            tokens = range(first, last + 1)
        else:
            inner = random.Random(first ^ last)
            tokens = {first, first + 1, (first + last) // 2, last - 1, last}
            tokens |= {inner.randint(first, last) for _ in range(20)}
        for token in (first - 1, *tokens, last + 1):
            if 0 <= token <= TOP:
                self.touch(contract, token, *accounts)
        self.edges.setdefault(contract, set()).update({max(first - 1, 0), first, last, min(last + 1, TOP)})

    # Playing

    def play(self, interval=0.0, before_reorg=None, after_reorg=None):
        """Plays to the end; `interval` is the seconds from block to block. The hooks get this scenario."""
        self.deploy_all()
        while self.chain.head.number < self.blocks:
            started = time.monotonic()
            number = self.chain.head.number
            if number in self.reorg_plan:
                depth, length, twin = self.reorg_plan.pop(number)
                if before_reorg:
                    before_reorg(self)
                self.reorg(depth, length, twin)
                if after_reorg:
                    after_reorg(self)
            else:
                self.mine()
            time.sleep(max(0.0, interval - (time.monotonic() - started)))

    def mine(self):
        """One more block on the head."""
        block = self.build(self.chain.head)
        self.chain.publish([block], max(self.chain.finalized, block.number - FINALITY))

    def reorg(self, depth, length, twin):
        """Builds `length` other blocks on the block `depth` below the head and makes them canonical in one step."""
        old = self.chain.canonical[-depth:]
        parent = self.chain.block(old[0].number - 1)
        self.model = self.models[parent.hash].copy()
        self.pending = [p for block in old for p in self.effects[block.hash] if not p.twin]
        branch = []
        for place in range(length):
            deploy = "erc1155" if twin and place == 2 else None
            branch.append(self.build(branch[-1] if branch else parent, deploy_twin=deploy, salt=b"branch"))
        head = self.chain.head.number
        self.chain.publish(branch, self.chain.finalized)
        self.reorgs_done.append({"head": head, "depth": depth, "new_head": branch[-1].number, "twin": twin})

    def build(self, parent, deploy_twin=None, salt=b""):
        number = parent.number + 1
        self.model = self.models[parent.hash].copy()
        speculative = self.model.copy()
        planned = []
        if not self.simple and deploy_twin is None and self.reorg_soon(number) and not self.twin:
            deploy_twin = "erc721"
        if deploy_twin:
            planned.append(self.deploy(speculative, deploy_twin, self.twin_deployer, b""))
        roll = self.random.random()
        count = 0 if roll < 0.05 else 30 if roll > 0.98 else self.random.randint(4, 12)
        for _ in range(count):
            one = self.plan(speculative)
            if one:
                planned.append(one)
        planned += self.take_pending(speculative)
        block = self.chain.build(parent, [p.tx for p in planned], salt)
        self.blocks_mined += 1
        for p, receipt in zip(planned, block.receipts):
            success = bytes(receipt.state_root) == b"\x01"
            self.model.nonces[p.sender] = self.model.nonces.get(p.sender, 0) + 1
            self.transactions += 1
            self.failed += not success
            if p.expected is not None and success != p.expected:
                self.surprises += 1
            if success and p.effect:
                p.effect(self.model)
        self.models[block.hash] = self.model.copy()
        self.effects[block.hash] = planned
        if len(self.models) > 64:
            for old in list(self.models)[:16]:
                del self.models[old]
                self.effects.pop(old, None)
        return block

    def reorg_soon(self, number):
        return any(twin and number == height - 9 for height, (_, _, twin) in self.reorg_plan.items())

    def take_pending(self, speculative):
        """Transactions of the orphaned branch come back, later in their block than they stood."""
        taken, self.pending, rest = [], [], self.pending
        for p in rest:
            if len(taken) >= 10:
                self.pending.append(p)
            elif p.tx.nonce == speculative.nonces.get(p.sender, 0):
                p.expected = None  # things may have changed
                speculative.nonces[p.sender] = p.tx.nonce + 1
                taken.append(p)
        return taken

    # Transactions

    def send(self, model, account, to, data, effect=None, expected=True, gas=3_000_000, twin=False):
        nonce = model.nonces.get(account.address, 0)
        model.nonces[account.address] = nonce + 1
        kind = self.random.choice((0, 1, 2, 2))
        tx = self.chain.sign(account, nonce, to, data, gas=gas, kind=kind)
        if effect and expected:
            effect(model)
        return Planned(tx, account.address, effect, expected, twin or to == self.twin and to is not None)

    def deploy(self, model, kind, account, arguments, effect=None):
        nonce = model.nonces.get(account.address, 0)
        address = keccak(rlp.encode([account.address, nonce]))[12:]
        twin = account is self.twin_deployer
        if twin:
            self.twin = address
        self.kinds_seen.setdefault(address, set()).add(kind)

        def done(m):
            m.kinds[address] = kind
            m.owners[address], m.sums[address], m.burned[address] = {}, {}, []
            m.spans[address], m.counters[address] = Spans(), 0
            if effect:
                effect(m, address)

        return self.send(model, account, b"", self.codes[kind] + arguments, done, gas=8_000_000, twin=twin)

    def deploy_all(self):
        kinds = [("erc721", b""), ("erc1155", b"")]
        first = self.accounts[3].address
        if not self.simple:
            kinds += [
                ("erc2309", word(first) + word(5000)),
                ("erc2309", word(first) + word(0)),
                ("kitties", b""),
                ("erc20", b""),
                ("liar", b""),
                ("hostile", b""),
                ("hostile", b""),
                ("hostile", b""),
                ("others_erc721", b""),
                ("others_erc1155", b""),
            ]
        for start in range(0, len(kinds), 3):
            parent = self.chain.head
            speculative = self.model.copy()
            planned = []
            for kind, arguments in kinds[start : start + 3]:
                count = int.from_bytes(arguments[32:], "big") if arguments else 0

                def effect(m, address, count=count):
                    if count:
                        m.spans[address].assign(0, count - 1, first)
                        self.touch_range(address, 0, count - 1, first)

                planned.append(self.deploy(speculative, kind, self.deployer, arguments, effect))
            block = self.chain.build(parent, [p.tx for p in planned])
            self.blocks_mined += 1
            for p, receipt in zip(planned, block.receipts):
                assert bytes(receipt.state_root) == b"\x01", "a deployment failed"
                self.model.nonces[p.sender] = self.model.nonces.get(p.sender, 0) + 1
                self.transactions += 1
                p.effect(self.model)
            self.models[block.hash] = self.model.copy()
            self.effects[block.hash] = planned
            self.chain.publish([block], max(self.chain.finalized, block.number - FINALITY))

    def plan(self, model):
        contract = self.random.choice(sorted(model.kinds))
        kind = model.kinds[contract]
        return getattr(self, "plan_" + kind)(model, contract)

    def somebody(self, anyone=True):
        roll = self.random.random()
        if anyone and roll < 0.03:
            return DEAD
        if anyone and roll < 0.05:
            return self.random.choice(sorted(self.kinds_seen))
        return self.random.choice(self.accounts).address

    # ERC-721 and its relatives

    def new_id(self, model, contract):
        roll, owners = self.random.random(), model.owners[contract]
        if roll < 0.04 and 0 not in owners:
            return 0
        if roll < 0.08 and TOP not in owners:
            return TOP
        if roll < 0.30 and model.burned[contract]:
            token = self.random.choice(model.burned[contract])
            if token not in owners:
                return token
        if roll < 0.45:
            return self.random.getrandbits(256)
        while True:
            model.counters[contract] += 1
            if model.counters[contract] not in owners:
                return model.counters[contract]

    def set_owner(self, contract, token, owner):
        def effect(m):
            self.touch(contract, token, owner)
            if owner == ZERO:
                m.owners[contract].pop(token, None)
                m.burned[contract].append(token)
            else:
                m.owners[contract][token] = owner

        return effect

    def minter(self, contract):
        return self.twin_deployer if contract == self.twin else self.deployer

    def held(self, owners):
        """A token whose owner can sign."""
        tokens = list(owners)
        for _ in range(8):
            if not tokens:
                return None
            token = self.random.choice(tokens)
            if owners[token] in self.by_address:
                return token
        return None

    def plan_erc721(self, model, contract, mint="mint(address,uint256)", burns=True):
        r, owners = self.random, model.owners[contract]
        roll, token = r.random(), self.held(owners)
        if roll < 0.30 or token is None:
            fresh, to = self.new_id(model, contract), self.somebody()
            self.touch(contract, fresh, to)
            data = abi(mint, to, fresh)
            return self.send(model, self.minter(contract), contract, data, self.set_owner(contract, fresh, to))
        if burns and roll < 0.36:
            first, count, to = 10**9 + r.randrange(10**12), r.randint(2, 40), self.somebody()

            def many(m):
                for one in range(first, first + count):
                    self.set_owner(contract, one, to)(m)

            self.touch_range(contract, first, first + count - 1, to)
            data = abi("mint_many(address,uint256,uint256)", to, first, count)
            return self.send(model, self.minter(contract), contract, data, many)
        if burns and roll < 0.40:
            fresh = self.new_id(model, contract)
            a, b, c = (self.somebody() for _ in range(3))
            self.touch(contract, fresh, a, b, c)
            data = abi("churn(uint256,address,address,address)", fresh, a, b, c)
            return self.send(model, self.minter(contract), contract, data, self.set_owner(contract, fresh, b))
        return self.move_unique(model, contract, token, roll, burns)

    def move_unique(self, model, contract, token, roll, burns):
        r, owner = self.random, model.owners[contract][token]
        sender = self.by_address[owner]
        if burns and roll < 0.52:
            effect = self.set_owner(contract, token, ZERO)
            return self.send(model, sender, contract, abi("burn(uint256)", token), effect)
        if roll < 0.55:  # somebody else's token: must fail and change nothing
            thief = r.choice([a for a in self.accounts if a.address != owner])
            data = abi("transferFrom(address,address,uint256)", thief.address, thief.address, token)
            self.touch(contract, token, thief.address)
            return self.send(model, thief, contract, data, expected=False)
        to = owner if roll < 0.63 else self.somebody()
        self.touch(contract, token, to)
        data = abi("transferFrom(address,address,uint256)", owner, to, token)
        return self.send(model, sender, contract, data, self.set_owner(contract, token, to))

    def plan_kitties(self, model, contract):
        return self.plan_erc721(model, contract, burns=False)

    def plan_others_erc721(self, model, contract):
        roll, token = self.random.random(), self.held(model.owners[contract])
        if roll < 0.35 or token is None:
            to = self.somebody(anyone=False)

            def minted(m):
                self.set_owner(contract, m.counters[contract], to)(m)
                m.counters[contract] += 1

            data = abi("safe_mint(address,string)", to, "token.json")
            return self.send(model, self.deployer, contract, data, minted)
        return self.move_unique(model, contract, token, roll, True)

    # ERC-1155

    def move_sums(self, contract, sender, to, moves):
        def effect(m):
            sums = m.sums[contract]
            for token, amount in moves:
                self.touch(contract, token, sender, to)
                if sender != ZERO:
                    sums[token, sender] = sums.get((token, sender), 0) - amount
                if to != ZERO:
                    sums[token, to] = sums.get((token, to), 0) + amount

        return effect

    def plan_erc1155(self, model, contract, others=False):
        r, sums = self.random, model.sums[contract]
        minter = self.minter(contract)
        roll = r.random()
        holders = [(t, a) for (t, a), n in sums.items() if n > 0 and a in self.by_address]
        amount = lambda: r.choice((0, 1, 1, 2, 7, 10**6, 10**18))
        token = lambda: r.choice((*range(1, 30), 0, TOP, 2**255, 2**64))
        if roll < 0.20 or not holders:
            to, one, n = self.somebody(not others), token(), amount()
            if not others and roll < 0.01:  # as much as there can be, once for an id and account
                one, n = r.getrandbits(256), TOP
            if others:
                data = abi("safe_mint(address,uint256,uint256,bytes)", to, one, n, "")
            else:
                data = abi("mint(address,uint256,uint256)", to, one, n)
            return self.send(model, minter, contract, data, self.move_sums(contract, ZERO, to, [(one, n)]))
        if roll < 0.40:
            to, moves = self.somebody(not others), [(token(), amount()) for _ in range(r.randint(0, 6))]
            if moves and roll < 0.34:
                moves.append((moves[0][0], amount()))  # the same id twice
                moves.append(moves[0])
            ids, amounts = [t for t, _ in moves], [n for _, n in moves]
            if others:
                data = abi("safe_mint_batch(address,uint256[],uint256[],bytes)", to, ids, amounts, "")
            else:
                data = abi("mintBatch(address,uint256[],uint256[])", to, ids, amounts)
            return self.send(model, minter, contract, data, self.move_sums(contract, ZERO, to, moves))
        if roll < 0.43 and not others:
            one = token()
            self.touch(contract, one, self.somebody())
            return self.send(model, r.choice(self.accounts), contract, abi("announce(uint256)", one))
        one, owner = r.choice(holders)
        sender, have = self.by_address[owner], sums[one, owner]
        part = lambda n: r.choice((0, 1, n, n // 2, r.randint(0, n)))
        to = ZERO if roll < 0.55 else owner if roll < 0.62 else self.somebody(not others)
        if roll < 0.46:  # more than there is: must fail
            data = abi(
                "safeTransferFrom(address,address,uint256,uint256,bytes)", owner, DEAD, one, min(have + 1, TOP), ""
            )
            return self.send(model, sender, contract, data, expected=None)
        if r.random() < 0.5:
            n = part(have)
            if to != ZERO:
                data = abi("safeTransferFrom(address,address,uint256,uint256,bytes)", owner, to, one, n, "")
            elif others:
                data = abi("burn(address,uint256,uint256)", owner, one, n)
            else:
                data = abi("burn(uint256,uint256)", one, n)
            return self.send(model, sender, contract, data, self.move_sums(contract, owner, to, [(one, n)]))
        moves = []
        for other, who in holders:
            if who == owner and len(moves) < 6:
                n = part(sums[other, owner])
                moves.append((other, n // 2))
                if r.random() < 0.4:
                    moves.append((other, n - n // 2))
        r.shuffle(moves)
        ids, amounts = [t for t, _ in moves], [n for _, n in moves]
        if to != ZERO:
            data = abi("safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)", owner, to, ids, amounts, "")
        elif others:
            data = abi("burn_batch(address,uint256[],uint256[])", owner, ids, amounts)
        else:
            data = abi("burnBatch(uint256[],uint256[])", ids, amounts)
        return self.send(model, sender, contract, data, self.move_sums(contract, owner, to, moves))

    def plan_others_erc1155(self, model, contract):
        return self.plan_erc1155(model, contract, others=True)

    # ERC-2309

    def set_span(self, contract, first, last, owner, ranged):
        def effect(m):
            self.touch_range(contract, first, last, *([owner] if owner else []))
            m.spans[contract].assign(first, last, owner)
            if ranged:
                m.counters[contract] += 1

        return effect

    def plan_erc2309(self, model, contract):
        r, spans, counter = self.random, model.spans[contract], model.counters[contract]
        may_range = counter < (5 if self.is_fixed(contract) else 24)
        roll = r.random()
        owned = [p for p in spans.parts if p[2] in self.by_address]
        if may_range and (roll < 0.15 or not owned):
            to = self.somebody()
            if all(last < 2**199 for _, last, _ in spans.parts) and counter >= 3:
                first, last = HUGE
            else:
                first = max([b for _, b, _ in spans.parts if b < 2**199] or [-1]) + 1 + r.choice((0, 0, 3))
                last = first + r.choice((0, 9, 99, 399))
            data = abi("mint_range(uint256,uint256,address)", first, last, to)
            return self.send(model, self.deployer, contract, data, self.set_span(contract, first, last, to, True))
        if not owned:
            return None
        wide = [p for p in owned if p[1] > p[0]]
        if may_range and wide and roll < 0.30:
            first, last, owner = r.choice(wide)
            a, b = sorted((r.randint(first, last), r.randint(first, last)))
            to = self.somebody() if r.random() < 0.8 else ZERO
            data = abi("transfer_range(uint256,uint256,address)", a, b, to)
            effect = self.set_span(contract, a, b, None if to == ZERO else to, True)
            return self.send(model, self.by_address[owner], contract, data, effect)
        first, last, owner = r.choice(owned)
        one, sender = r.randint(first, last), self.by_address[owner]
        if roll < 0.45:
            effect = self.set_span(contract, one, one, None, False)
            return self.send(model, sender, contract, abi("burn(uint256)", one), effect)
        to = owner if roll < 0.55 else self.somebody()
        data = abi("transferFrom(address,address,uint256)", owner, to, one)
        return self.send(model, sender, contract, data, self.set_span(contract, one, one, to, False))

    def is_fixed(self, contract):
        """The contract with 5,000 from its constructor has few ranges, the other many."""
        return 4999 in self.touched_ids.get(contract, ())

    # ERC-20

    def plan_erc20(self, model, contract):
        r, sums = self.random, model.sums[contract]
        holders = [a for (_, a), n in sums.items() if n > 0 and a in self.by_address]
        to = self.somebody()
        if not holders or r.random() < 0.2:
            data = abi("mint(address,uint256)", to, 10**20)
            return self.send(model, self.deployer, contract, data, self.move_sums(contract, ZERO, to, [(0, 10**20)]))
        owner = r.choice(holders)
        n = r.randint(0, sums[0, owner])
        effect = self.move_sums(contract, owner, to, [(0, n)])
        return self.send(model, self.by_address[owner], contract, abi("transfer(address,uint256)", to, n), effect)

    # Those who lie

    def plan_liar(self, model, contract):
        r = self.random
        token = r.choice((*range(20), TOP))
        sender, to = (r.choice((ZERO, self.somebody())) for _ in range(2))
        self.touch(contract, token, sender, to)
        data = abi("claim(address,address,uint256)", sender, to, token)
        return self.send(model, r.choice(self.accounts), contract, data)

    def plan_hostile(self, model, contract):
        topics, data = self.hostile_log(contract)
        places = ["bytes32"] * len(topics) + ["bytes"]
        # abi() takes 32 bytes for a word, so the data goes in by hand
        heads = b"".join(topics) + word(32 * (len(topics) + 1))
        call = keccak(f"raw{len(topics)}({','.join(places)})".encode())[:4] + heads
        call += word(len(data)) + data + b"\x00" * (-len(data) % 32)
        return self.send(model, self.random.choice(self.accounts), contract, call)

    def hostile_log(self, contract):
        """One log, well formed or not, on few ids so that they meet."""
        r = self.random
        a, b = self.somebody(), self.somebody()
        token, n = r.choice((0, 1, 2, 3, 5, 7, 1000, 2**128, TOP)), r.choice((0, 1, 5, 100, TOP))
        self.touch(contract, token, a, b)
        dirty = lambda who: bytes([r.randrange(1, 256)]) + word(who)[1:]
        who = [word(a), word(a), word(b)]
        arrays = lambda ids, amounts: (
            word(64)
            + word(96 + 32 * len(ids))
            + word(len(ids))
            + b"".join(map(word, ids))
            + word(len(amounts))
            + b"".join(map(word, amounts))
        )
        single = word(token) + word(n)
        form = r.choice(
            [
                # Well formed, but about things that never were
                lambda: ([TRANSFER, word(a), word(b), word(token)], b""),
                lambda: ([TRANSFER, word(a), word(b), word(token)], r.randbytes(r.choice((1, 5, 32, 64)))),
                lambda: ([TRANSFER, word(a), word(ZERO), word(token)], b""),
                lambda: ([TRANSFER, word(ZERO), word(ZERO), word(token)], b""),
                lambda: ([TRANSFER], word(a) + word(b) + word(token)),
                lambda: ([SINGLE, word(a), word(a), word(ZERO)], single),
                lambda: ([SINGLE, word(a), word(ZERO), word(b)], single),
                lambda: ([SINGLE, word(a), word(a), word(a)], single),
                lambda: ([SINGLE, *who], single),
                lambda: ([BATCH, *who], arrays([5, 5, 7, 5], [1, 2, 0, TOP])),
                lambda: ([BATCH, *who], arrays([], [])),
                lambda: ([BATCH, *who], word(64) + word(64) + word(2) + word(3) + word(4)),
                lambda: ([CONSECUTIVE, word(0), word(ZERO), word(b)], word(TOP)),
                lambda: ([CONSECUTIVE, word(5), word(a), word(ZERO)], word(9)),
                lambda: ([CONSECUTIVE, word(token), word(a), word(b)], word(min(token + 20_000, TOP))),
                lambda: ([CONSECUTIVE, word(token), word(a), word(b)], word(token)),
                # Malformed: nothing may come of them
                lambda: ([CONSECUTIVE, word(10), word(a), word(b)], word(9)),
                lambda: ([CONSECUTIVE, word(10), word(a), word(b)], b""),
                lambda: ([CONSECUTIVE, word(10), word(a), dirty(b)], word(12)),
                lambda: ([BATCH, *who], arrays([1, 2, 3], [4, 5])),
                lambda: ([BATCH, *who], arrays([1], [4, 5])),
                lambda: ([BATCH, *who], word(64) + word(2**255) + word(1) + word(1)),
                lambda: ([BATCH, *who], word(64) + word(4096) + word(1) + word(1)),
                lambda: ([BATCH, *who], word(TOP) + word(TOP)),
                lambda: ([BATCH, *who], word(64) + word(128) + word(2**255) + word(1) + word(2**255) + word(1)),
                lambda: ([BATCH, *who], word(64) + word(128) + word(2**32) + word(1) + word(2**32) + word(1)),
                lambda: ([BATCH, *who], arrays([1, 2], [4, 5])[:-32]),
                lambda: ([BATCH, *who], b""),
                lambda: ([BATCH, *who], word(64)),
                lambda: ([BATCH, word(a), word(a), dirty(b)], arrays([1], [1])),
                lambda: ([SINGLE, *who], single[:63]),
                lambda: ([SINGLE, *who], single[:32]),
                lambda: ([SINGLE, *who], b""),
                lambda: ([SINGLE, word(a), dirty(a), word(b)], single),
                lambda: ([SINGLE, word(a), word(a), dirty(b)], single),
                lambda: ([SINGLE, dirty(a), word(a), word(b)], single),
                lambda: ([TRANSFER, dirty(a), word(b), word(token)], b""),
                lambda: ([TRANSFER, word(a), dirty(b), word(token)], b""),
                lambda: ([TRANSFER], dirty(a) + word(b) + word(token)),
                # Not ours
                lambda: ([TRANSFER, word(a), word(b)], word(n)),
                lambda: ([TRANSFER, word(a)], word(n)),
                lambda: ([TRANSFER], word(a) + word(b)),
                lambda: ([TRANSFER], b""),
                lambda: ([keccak(b"Unknown()"), word(a), word(b), word(token)], single),
                lambda: ([], single),
            ]
        )
        return form()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blocks", type=int)
    parser.add_argument("--simple", action="store_true", help="one ERC-721, one ERC-1155, 60 blocks, no reorg")
    options = parser.parse_args()
    scenario = Scenario(options.seed, options.blocks or (60 if options.simple else 320), options.simple)
    started = time.monotonic()
    scenario.play()
    seconds = time.monotonic() - started
    chain = scenario.chain
    print(
        f"seed {options.seed}: head {chain.head.number} {chain.head.hash.hex()[:16]}, "
        f"{scenario.blocks_mined} blocks and {scenario.transactions} transactions mined "
        f"({scenario.failed} failed, {scenario.surprises} against expectation), "
        f"{sum(len(b.txs) for b in chain.canonical)} transactions and {len(chain.logs(0, chain.head.number))} logs "
        f"canonical, reorgs {[(r['depth'], r['new_head'] - r['head']) for r in scenario.reorgs_done]}, "
        f"{seconds:.1f} s, {scenario.transactions / seconds:.0f} tx/s"
    )


if __name__ == "__main__":
    main()
