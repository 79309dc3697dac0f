"""Writes random test vectors, made by other people's libraries, for IndependentTests.swift: one JSON object a line.

    Scripts/setup test
    .venv/bin/python Tests/EthereumTests/Independent/vectors.py [--seed 1] [--count 400] > vectors.jsonl
    HOLDFAST_ETHEREUM_VECTORS=$PWD/vectors.jsonl swift test --filter IndependentTests

`count` is the number of vectors of each kind. What the libraries do not have (bloom, 320-bit sums, the fast hash) is
written here from the standards, with Python's integers.
"""

import argparse
import json
import random
import sys

import rlp
from eth_abi import decode as abi_decode
from eth_abi import encode as abi_encode
from eth_utils import function_signature_to_4byte_selector, keccak, to_checksum_address

import receipt_vectors

LIMIT = 1 << 256


def text(data):
    return "0x" + bytes(data).hex()


def edgy(rng, bits):
    """A number of random length, often next to a power of two."""
    length = rng.randrange(bits + 1)
    kind = rng.randrange(4)
    if kind == 0:
        return max(0, min((1 << bits) - 1, (1 << length) + rng.randrange(-2, 3)))
    return rng.getrandbits(length) if length else 0


def octets(rng, most):
    return rng.randbytes(rng.randrange(most + 1))


def keccak_vector(rng):
    data = octets(rng, rng.choice([8, 140, 600]))
    return {"input": text(data), "output": text(keccak(data))}


def checksum(rng):
    data = rng.randbytes(20)
    return {"input": text(data), "output": to_checksum_address(data)}


def selector(rng):
    types = ["uint256", "address", "bool", "bytes32", "string", "uint256[]", "(address,bytes)[]"]
    name = "".join(rng.choice("abcdefghijXYZ_0123") for _ in range(rng.randrange(1, 20)))
    signature = name + "(" + ",".join(rng.choice(types) for _ in range(rng.randrange(6))) + ")"
    return {"input": signature, "output": text(function_signature_to_4byte_selector(signature))}


def bloom(rng):
    items = [rng.randbytes(rng.choice([20, 32])) for _ in range(rng.randrange(30))]
    value = 0
    for item in items:
        digest = keccak(item)
        for place in (0, 2, 4):
            value |= 1 << (int.from_bytes(digest[place : place + 2], "big") & 2047)
    return {"items": [text(item) for item in items], "output": text(value.to_bytes(256, "big"))}


def decimal(rng):
    value = edgy(rng, 256)
    return {"input": str(value), "output": hex(value)}


def shortest(value):
    length = 0
    while not (value == 0 if length == 0 else -(1 << (8 * length - 1)) <= value < 1 << (8 * length - 1)):
        length += 1
    return value.to_bytes(length, "big", signed=True)


def signed_sum(rng):
    """Steps of additions and subtractions, with the state after each; "overflow" where 320 bits are left."""
    low, high = -(1 << 319), (1 << 319) - 1
    value = rng.choice([0, edgy(rng, 319), -edgy(rng, 319), low, high, low + edgy(rng, 256), high - edgy(rng, 256)])
    steps = []
    start = value
    for _ in range(12):
        amount = edgy(rng, 256)
        sign = rng.choice([1, -1])
        after = value + sign * amount
        step = {"amount": str(amount), "sign": sign}
        if low <= after <= high:
            value = after
            step["decimal"] = str(value)
            step["bytes"] = text(shortest(value))
        steps.append(step)
    return {"input": str(start), "steps": steps}


def tree(rng, depth):
    if depth and rng.random() < 0.5:
        return [tree(rng, depth - 1) for _ in range(rng.randrange(6))]
    return octets(rng, rng.choice([1, 3, 60, 300]))


def plain(item):
    return text(item) if isinstance(item, bytes) else [plain(part) for part in item]


def mutated(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(4)):
        if not data:
            break
        place = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data[place] = rng.randrange(256)
        elif kind == 1:
            del data[place]
        elif kind == 2:
            data.insert(place, rng.randrange(256))
        else:
            data[place] ^= 1 << rng.randrange(8)
    return bytes(data)


def rlp_vector(rng):
    item = tree(rng, 4)
    return {"item": plain(item), "output": text(rlp.encode(item))}


def rlp_mutated(rng):
    data = mutated(rng, rlp.encode(tree(rng, 3)))
    try:
        return {"input": text(data), "item": plain(rlp.decode(data, strict=True))}
    except rlp.DecodingError:
        return {"input": text(data), "item": None}


def header_fields(rng):
    """A header of a random fork; the field names are those of FullHeader."""
    word, small = (lambda: rng.randbytes(32)), (lambda: edgy(rng, 64))
    return dict([
        ("parentHash", word()), ("ommersHash", word()), ("beneficiary", rng.randbytes(20)), ("stateRoot", word()),
        ("transactionsRoot", word()), ("receiptsRoot", word()), ("logsBloom", rng.randbytes(256)),
        ("difficulty", edgy(rng, 256)), ("number", edgy(rng, 53)), ("gasLimit", small()), ("gasUsed", small()),
        ("timestamp", small()), ("extraData", octets(rng, 120)), ("mixHash", word()), ("nonce", rng.randbytes(8)),
        ("baseFeePerGas", edgy(rng, 256)), ("withdrawalsRoot", word()), ("blobGasUsed", small()),
        ("excessBlobGas", small()), ("parentBeaconBlockRoot", word()), ("requestsHash", word()),
    ][: rng.choice([15, 16, 17, 20, 21])])


def header(rng):
    fields = header_fields(rng)
    encoded = rlp.encode(
        [rlp.sedes.big_endian_int.serialize(v) if isinstance(v, int) else v for v in fields.values()]
    )
    shown = {name: hex(v) if isinstance(v, int) else text(v) for name, v in fields.items()}
    return {"fields": shown, "output": text(keccak(encoded))}


def block(rng):
    return receipt_vectors.block(rng, header_fields)


def abi_type(rng, depth):
    simple = ["uint256", "address", "bool", "bytes32", "bytes", "string"]
    kind = rng.randrange(10)
    if depth and kind == 0:
        return "(" + ",".join(abi_type(rng, depth - 1) for _ in range(rng.randrange(1, 4))) + ")"
    if depth and kind in (1, 2):
        return abi_type(rng, depth - 1) + "[]"
    return rng.choice(simple)


def members(kind):
    """The member types of "(a,(b,c))"."""
    parts, level, start = [], 0, 1
    for place, sign in enumerate(kind):
        level += {"(": 1, ")": -1}.get(sign, 0)
        if (sign == "," and level == 1) or level == 0:
            parts.append(kind[start:place])
            start = place + 1
    return parts


def abi_value(rng, kind):
    """A Python value for eth_abi and the same for our reader."""
    if kind.endswith("[]"):
        pairs = [abi_value(rng, kind[:-2]) for _ in range(rng.randrange(4))]
        return [pair[0] for pair in pairs], {"type": "array", "members": [pair[1] for pair in pairs]}
    if kind.startswith("("):
        pairs = [abi_value(rng, part) for part in members(kind)]
        return tuple(pair[0] for pair in pairs), {"type": "tuple", "members": [pair[1] for pair in pairs]}
    if kind == "uint256":
        value = edgy(rng, 256)
        return value, {"type": kind, "value": str(value)}
    if kind == "bool":
        value = rng.random() < 0.5
        return value, {"type": kind, "value": "1" if value else "0"}
    if kind == "string":
        value = "".join(rng.choice("aZ09 é漢🦊\0") for _ in range(rng.randrange(40)))
        return value, {"type": kind, "value": value}
    value = rng.randbytes({"address": 20, "bytes32": 32}.get(kind) or rng.randrange(80))
    return text(value) if kind == "address" else value, {"type": kind, "value": text(value)}


def abi_vector(rng):
    kinds = [abi_type(rng, 3) for _ in range(rng.randrange(1, 6))]
    values = [abi_value(rng, kind) for kind in kinds]
    encoded = abi_encode(kinds, [value[0] for value in values])
    return {"members": [value[1] for value in values], "output": text(encoded)}


def batch_mutated(rng):
    """ERC-1155 batch data with spoilt words: what eth_abi accepts, we must accept with the same numbers."""
    count = rng.randrange(5)
    data = bytearray(abi_encode(["uint256[]", "uint256[]"], [[edgy(rng, 256) for _ in range(count)] for _ in "ab"]))
    for _ in range(rng.randrange(3)):
        place = 32 * rng.randrange(len(data) // 32)
        value = rng.choice([32 * rng.randrange(12), rng.randrange(200), edgy(rng, 256)])
        data[place : place + 32] = value.to_bytes(32, "big")
    if rng.random() < 0.2:
        data = data[: rng.randrange(len(data))]
    try:
        ids, amounts = abi_decode(["uint256[]", "uint256[]"], bytes(data), strict=False)
        return {"input": text(data), "ids": [str(n) for n in ids], "amounts": [str(n) for n in amounts]}
    except Exception:  # eth_abi throws its own errors and, on hostile offsets, some of Python's
        return {"input": text(data), "ids": None, "amounts": None}


def utf8(rng):
    data = "".join(rng.choice("aé漢🦊\0") for _ in range(rng.randrange(12))).encode()
    data = rng.choice([data, mutated(rng, data), rng.randbytes(rng.randrange(12))])
    try:
        return {"input": text(data), "output": data.decode(), "valid": True}
    except UnicodeDecodeError:
        return {"input": text(data), "output": data.decode(errors="replace"), "valid": False}


MASK = (1 << 64) - 1
K0, K1, K2, K3 = 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3


def fold(left, right):
    product = left * right
    return product >> 64 ^ product & MASK


def fast_hash(rng):
    """The definition in FastHash.swift, once more."""
    words = [edgy(rng, 64) for _ in range(rng.randrange(30))]
    a, b = K2, K3
    for place in range(0, len(words), 2):
        u = words[place]
        v = words[place + 1] if place + 1 < len(words) else 0
        a, b = fold(u ^ K0, v ^ a), fold(u ^ b, v ^ K1)
    high, low = fold(a ^ len(words), K1), fold(b ^ len(words), K0)
    return {"items": [hex(word) for word in words], "output": text((high << 64 | low).to_bytes(16, "big"))}


KINDS = {
    "keccak": keccak_vector, "checksum": checksum, "selector": selector, "bloom": bloom, "decimal": decimal,
    "sum": signed_sum, "rlp": rlp_vector, "rlp-mutated": rlp_mutated, "header": header, "abi": abi_vector,
    "batch-mutated": batch_mutated, "utf8": utf8, "fasthash": fast_hash,
    "block": block, "trie": receipt_vectors.trie,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=400)
    arguments = parser.parse_args()
    for kind, make in KINDS.items():
        rng = random.Random(f"{arguments.seed}/{kind}")
        for _ in range(arguments.count):
            json.dump({"kind": kind, **make(rng)}, sys.stdout)
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
