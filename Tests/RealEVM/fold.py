"""Who owns what, by the events: a second, independent reading of the rules, as plain as possible.

`Fold` takes logs (in any order of contracts, in the order of the chain) and answers holdings. Nothing here is shared
with Holdfast and nothing is taken from an ABI library. Logs that break the rules are counted and change nothing.
"""

from collections import Counter

TRANSFER = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
SINGLE = bytes.fromhex("c3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62")
BATCH = bytes.fromhex("4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb")
CONSECUTIVE = bytes.fromhex("deaa91b6123d068f5821d0fb0678463d1a8a6079fe8af5de3ce5e896dcf9133d")
ZERO = b"\x00" * 20
RUN_MIN = 10_000


class Malformed(Exception):
    pass


def address(word):
    if any(word[:12]):
        raise Malformed("dirty address")
    return word[12:]


def number(word):
    return int.from_bytes(word, "big")


def word_at(data, offset):
    if offset + 32 > len(data):
        raise Malformed("data too short")
    return number(data[offset : offset + 32])


def array_at(data, head):
    """The dynamic array whose offset stands at `head`; whatever points outside of the data is malformed."""
    start = word_at(data, head)
    length = word_at(data, start)
    if length > len(data) // 32:
        raise Malformed("array longer than the data")
    return [word_at(data, start + 32 + 32 * i) for i in range(length)]


class Fold:
    def __init__(self):
        self.singles = {}  # contract → id → (place, owner)
        self.ranges = {}  # contract → [(place, first, last, owner)], oldest first
        self.sums = {}  # contract → (id, account) → exact signed sum
        self.malformed = Counter()
        self.applied = Counter()

    def add(self, logs):
        for log in logs:
            place = (log.block.number, log.index)
            try:
                kind = self._one(place, log.address, log.topics, bytes(log.data))
            except Malformed as why:
                self.malformed[str(why)] += 1
            else:
                if kind:
                    self.applied[kind] += 1
        return self

    def _one(self, place, contract, topics, data):
        if not topics:
            return None
        if topics[0] == TRANSFER:
            if len(topics) == 4:  # ERC-721; data that follows does not matter
                sender, receiver = address(topics[1]), address(topics[2])
                self.singles.setdefault(contract, {})[number(topics[3])] = (place, receiver)
                return "erc721"
            if len(topics) == 1 and len(data) == 96:  # the form of CryptoKitties
                sender, receiver = address(data[:32]), address(data[32:64])
                self.singles.setdefault(contract, {})[word_at(data, 64)] = (place, receiver)
                return "kitties"
            return None  # ERC-20 and whatever else uses this topic
        if topics[0] == CONSECUTIVE and len(topics) == 4:
            first, last = number(topics[1]), word_at(data, 0)
            sender, receiver = address(topics[2]), address(topics[3])
            if first > last:
                raise Malformed("range backwards")
            self.ranges.setdefault(contract, []).append((place, first, last, receiver))
            return "erc2309"
        if topics[0] in (SINGLE, BATCH) and len(topics) == 4:
            address(topics[1])
            sender, receiver = address(topics[2]), address(topics[3])
            if topics[0] == SINGLE:
                moves = [(word_at(data, 0), word_at(data, 32))]
            else:
                ids, amounts = array_at(data, 0), array_at(data, 32)
                if len(ids) != len(amounts):
                    raise Malformed("unequal lengths")
                moves = list(zip(ids, amounts))
            sums = self.sums.setdefault(contract, {})
            for token, amount in moves:
                if sender != ZERO:
                    sums[token, sender] = sums.get((token, sender), 0) - amount
                if receiver != ZERO:
                    sums[token, receiver] = sums.get((token, receiver), 0) + amount
            return "erc1155"
        return None

    def owner(self, contract, token):
        """The owner of a unique token, or None."""
        best = self.singles.get(contract, {}).get(token, ((-1, -1), ZERO))
        for place, first, last, receiver in self.ranges.get(contract, ()):
            if first <= token <= last and place > best[0]:
                best = (place, receiver)
        return None if best[1] == ZERO else best[1]

    def segments(self, contract):
        """Maximal runs of ids with one owner that comes from ranges: [(first, last, owner)]; and the single owners."""
        singles, ranges = self.singles.get(contract, {}), self.ranges.get(contract, [])
        cuts = set()
        for _, first, last, _ in ranges:
            cuts.update((first, last + 1))
        for token in singles:
            cuts.update((token, token + 1))
        cuts = sorted(cuts)
        runs, alone = [], {}
        for start, end in zip(cuts, cuts[1:]):
            place, owner, ranged = (-1, -1), ZERO, False
            if start in singles:
                place, owner = singles[start]
            for when, first, last, receiver in ranges:
                if first <= start <= last and when > place:
                    place, owner, ranged = when, receiver, True
            if owner == ZERO:
                continue
            if not ranged:
                alone[start] = owner
            elif runs and runs[-1][1] == start - 1 and runs[-1][2] == owner:
                runs[-1] = (runs[-1][0], end - 1, owner)
            else:
                runs.append((start, end - 1, owner))
        return runs, alone

    def contracts(self):
        return sorted(set(self.singles) | set(self.ranges) | set(self.sums))

    def lines(self, chain_id):
        """The lines of `export holdings`, in its order, as dictionaries."""
        answer = []
        for contract in self.contracts():
            rows = []
            runs, alone = self.segments(contract)
            for token, owner in alone.items():
                rows.append((token, owner, "erc721", None, 1))
            for first, last, owner in runs:
                if last - first + 1 > RUN_MIN:
                    rows.append((first, owner, "erc721", last, last - first + 1))
                else:
                    rows.extend((token, owner, "erc721", None, 1) for token in range(first, last + 1))
            for (token, owner), amount in self.sums.get(contract, {}).items():
                if amount > 0:
                    rows.append((token, owner, "erc1155", None, amount))
            for token, owner, standard, last, amount in sorted(rows, key=lambda row: row[:3]):
                line = {
                    "chainId": chain_id,
                    "contract": "0x" + contract.hex(),
                    "standard": standard,
                    "tokenId": str(token),
                }
                if last is not None:
                    line["tokenIdTo"] = str(last)
                line["owner"] = "0x" + owner.hex()
                line["amount"] = str(amount)
                answer.append(line)
        return answer
