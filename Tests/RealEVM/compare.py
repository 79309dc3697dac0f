"""Compares an export of holdings with the EVM, in both directions, and with the independent fold."""

import random

from chain import Reverted
from scenario import CONFORMING, HOSTILE, UNIQUE, ZERO, abi

KEYS = {"chainId", "contract", "standard", "tokenId", "owner", "amount"}
RUN_MIN = 10_000


class Reader:
    """ownerOf and balanceOf at one block, read in process and remembered.

    A `thin` reader asks for the ids of ERC-2309 contracts only at the ends of ranges and at one id in 16; all else it
    asks wholly. It is for comparisons in mid-run; the one at the end is never thin.
    """

    def __init__(self, scenario, block, thin=False):
        self.chain, self.block = scenario.chain, block
        self.known, self.calls = {}, 0
        self.thin = {c for c, k in scenario.kinds().items() if k == "erc2309"} if thin else set()
        self.edges = scenario.edges

    def asks(self, contract, token):
        return contract not in self.thin or token % 16 == 0 or token in self.edges[contract]

    def _read(self, contract, data):
        key = (contract, data)
        if key not in self.known:
            self.calls += 1
            try:
                self.known[key] = self.chain.call(self.block, contract, data)
            except Reverted:
                self.known[key] = None
        return self.known[key]

    def owner(self, contract, token):
        answer = self._read(contract, abi("ownerOf(uint256)", token))
        return None if answer is None or answer[12:] == ZERO else answer[12:]

    def amount(self, contract, token, account):
        answer = self._read(contract, abi("balanceOf(address,uint256)", account, token))
        return int.from_bytes(answer, "big")

    def count(self, contract, account):
        return int.from_bytes(self._read(contract, abi("balanceOf(address)", account)), "big")


def parse(line):
    """One exported line as (contract, first id, owner, standard, last id, amount), or what is wrong with it."""
    missing = KEYS - set(line)
    if missing:
        return None, f"keys missing: {sorted(missing)}"
    for key in ("contract", "owner"):
        text = line[key]
        if not (isinstance(text, str) and len(text) == 42 and text.startswith("0x") and text == text.lower()):
            return None, f"{key} is no lower-case address: {text!r}"
    for key in ("tokenId", "tokenIdTo", "amount"):
        if key in line and not (
            isinstance(line[key], str) and line[key].isdecimal() and str(int(line[key])) == line[key]
        ):
            return None, f"{key} is no decimal string: {line[key]!r}"
    first = int(line["tokenId"])
    last = int(line.get("tokenIdTo", line["tokenId"]))
    row = (
        bytes.fromhex(line["contract"][2:]),
        first,
        bytes.fromhex(line["owner"][2:]),
        line["standard"],
        last,
        int(line["amount"]),
    )
    if "tokenIdTo" in line and last - first + 1 <= RUN_MIN:
        return row, "a run that is not longer than 10,000"
    return row, None


def differences(lines, scenario, reader, fold):
    """Everything in which the exported lines are not the truth; an empty list when they are."""
    found = []
    say = lambda text: found.append(text)
    kinds, chain_id = scenario.kinds(), scenario.chain.chain_id
    singles, runs, sums = {}, {}, {}
    before = None
    rows = []
    for line in lines:
        row, wrong = parse(line)
        if wrong:
            say(f"format: {wrong} in {line}")
        if row is None:
            continue
        if line["chainId"] != chain_id:
            say(f"format: chainId {line['chainId']!r}")
        if before is not None and (row[:3] < before[:3] or row[:4] == before[:4]):
            say(f"order: {line} comes after {before}")
        before = row
        rows.append(row)

    # Every exported line must be confirmed.
    for row in rows:
        contract, first, owner, standard, last, amount = row
        kind = kinds.get(contract)
        name = f"{kind} 0x{contract.hex()} id {first}" + (f"…{last}" if last != first else "")
        if kind is None or kind == "erc20":
            say(f"exported, but no NFT contract: {name}")
        elif kind in HOSTILE:
            pass
        elif standard != ("erc721" if kind in UNIQUE else "erc1155"):
            say(f"standard {standard}: {name}")
        elif kind in UNIQUE:
            if amount != last - first + 1:
                say(f"amount {amount}: {name}")
            if last == first:
                singles.setdefault(contract, {})[first] = owner
                tokens = [first]
            else:
                runs.setdefault(contract, []).append((first, last, owner))
                inner = random.Random(first)
                tokens = {first, last, *(inner.randint(first, last) for _ in range(16))}
                tokens |= {t for t in scenario.touched_ids.get(contract, ()) if first <= t <= last}
            for token in tokens:
                real = reader.owner(contract, token) if reader.asks(contract, token) else owner
                if real != owner:
                    say(f"owner of {name} at {token}: exported {owner.hex()}, EVM {real and real.hex()}")
        else:
            sums.setdefault(contract, {})[first, owner] = amount
            real = reader.amount(contract, first, owner)
            if last != first or real != amount or amount == 0:
                say(f"balance of {owner.hex()} in {name}: exported {amount}, EVM {real}")

    # Every holding of the EVM must have been exported.
    for contract, kind in kinds.items():
        if kind not in CONFORMING:
            continue
        if kind in UNIQUE:
            for token in scenario.touched_ids.get(contract, ()):
                if not reader.asks(contract, token):
                    continue
                real = reader.owner(contract, token)
                mine = singles.get(contract, {}).get(token)
                for first, last, owner in runs.get(contract, ()):
                    if first <= token <= last:
                        mine = owner
                if real != mine:
                    say(
                        f"owner of {kind} 0x{contract.hex()} {token}: "
                        f"EVM {real and real.hex()}, exported {mine and mine.hex()}"
                    )
            if kind != "erc2309":
                held = {}
                for owner in singles.get(contract, {}).values():
                    held[owner] = held.get(owner, 0) + 1
                for account in {a for _, a in scenario.touched_pairs.get(contract, ())} | set(held):
                    real = reader.count(contract, account)
                    if real != held.get(account, 0):
                        say(
                            f"{kind} 0x{contract.hex()}: {account.hex()} has {real} by the EVM, "
                            f"{held.get(account, 0)} exported"
                        )
        else:
            for token, account in scenario.touched_pairs.get(contract, ()):
                real = reader.amount(contract, token, account)
                mine = sums.get(contract, {}).get((token, account), 0)
                if real != mine:
                    say(f"balance of {account.hex()} in {kind} 0x{contract.hex()} {token}: EVM {real}, exported {mine}")

    # The whole, hostile contracts included, must equal the fold of the logs.
    expected = {parse(line)[0] for line in fold.lines(chain_id)}
    exported = set(rows)
    for row in sorted(expected - exported):
        say(f"not exported, but by the logs: {kinds.get(row[0])} {shown(row)}")
    for row in sorted(exported - expected):
        say(f"exported, but not by the logs: {kinds.get(row[0])} {shown(row)}")
    return found


def shown(row):
    contract, first, owner, standard, last, amount = row
    return f"0x{contract.hex()} {standard} {first}…{last} 0x{owner.hex()} {amount}"


def damages(lines, scenario):
    """The same export, wrong in one place each: (what was done, lines). The comparison must see every one of them."""
    kinds = scenario.kinds()
    kind = lambda line: kinds.get(bytes.fromhex(line["contract"][2:]))
    stranger = "0x" + "ab" * 20
    for wanted in sorted({kind(line) for line in lines}, key=str):
        place = next(i for i, line in enumerate(lines) if kind(line) == wanted)
        line = lines[place]
        changed = lambda **what: [*lines[:place], {**line, **what}, *lines[place + 1 :]]
        yield f"{wanted}: another owner", changed(owner=stranger)
        yield f"{wanted}: one more", changed(amount=str(int(line["amount"]) + 1))
        yield f"{wanted}: a line dropped", lines[:place] + lines[place + 1 :]
        yield f"{wanted}: a line twice", lines[: place + 1] + lines[place:]
        extra = {**line, "tokenId": str(2**199 + 12345), "amount": "1"}
        extra.pop("tokenIdTo", None)
        yield f"{wanted}: a token that is not", [*lines, extra]
    for place in [i for i, line in enumerate(lines) if "tokenIdTo" in line][:1]:
        line = lines[place]
        shorter = {**line, "tokenIdTo": str(int(line["tokenIdTo"]) - 1), "amount": str(int(line["amount"]) - 1)}
        yield "a run one shorter", [*lines[:place], shorter, *lines[place + 1 :]]
    twenty = [c for c, k in kinds.items() if k == "erc20"]
    if twenty:
        yield "an ERC-20 as NFT", [*lines, {**lines[0], "contract": "0x" + twenty[0].hex()}]
    yield "nothing at all", []


def unseen_damages(found, lines, scenario, reader, fold):
    """(how many damages were tried, those that showed no difference beyond the ones already `found`)."""
    tried, blind = 0, []
    for what, wrong in damages(lines, scenario):
        tried += 1
        if not set(differences(wrong, scenario, reader, fold)) - set(found):
            blind.append(what)
    return tried, blind
