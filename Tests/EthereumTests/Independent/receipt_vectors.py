"""Blocks with receipts of every type, sealed by py-evm's receipts and the trie package, as nodes would send them.

For IndependentBlockTests.swift; vectors.py writes them under the kinds "block" and "trie".
"""

import json

import rlp
from eth.rlp.logs import Log
from eth.rlp.receipts import Receipt
from eth_utils import keccak
from trie import HexaryTrie

TYPES = [0, 0, 1, 2, 2, 3, 4, 5, 0x64, 0x7E, 0x7F]


def text(data):
    return "0x" + bytes(data).hex()


def log(rng):
    topics = [int.from_bytes(rng.randbytes(32), "big") for _ in range(rng.randrange(5))]
    data = rng.choice([b"", bytes([rng.randrange(256)]), rng.randbytes(rng.choice([2, 32, 54, 55, 56, 57, 300]))])
    return Log(address=rng.randbytes(20), topics=topics, data=data)


def bloom_of(body):
    """py-evm fills the bloom in from the logs."""
    return body.bloom.to_bytes(256, "big")


def receipt(rng, index, gas, byzantium):
    kind = rng.choice(TYPES) if byzantium else 0
    status = rng.choice([b"", b"\x01"]) if byzantium else rng.randbytes(32)
    logs = [log(rng) for _ in range(rng.choice([0, 0, 1, 1, 2, 5]))] if status != b"" else []
    body = Receipt(state_root=status, gas_used=gas, logs=logs)
    fields = rlp.decode(rlp.encode(body))
    shown = {
        "transactionIndex": hex(index),
        "cumulativeGasUsed": hex(gas),
        "logsBloom": text(bloom_of(body)),
        "transactionHash": text(rng.randbytes(32)),
        "gasUsed": "0x5208",
        "contractAddress": None,
    }
    if kind or rng.random() < 0.5:
        shown["type"] = hex(kind)
    shown["status" if byzantium else "root"] = (hex(len(status)) if byzantium else text(status))
    if rng.random() < 0.3:
        shown["root" if byzantium else "status"] = None
    if kind == 0x7E:
        # op-geth commits to the nonce only from Canyon on, when there is a version.
        fork = rng.randrange(3)
        nonce = rng.choice([0, 1, 127, 128, rng.getrandbits(40)])
        if fork:
            shown["depositNonce"] = hex(nonce)
        if fork == 2:
            shown["depositReceiptVersion"] = "0x1"
            fields = fields + [rlp.sedes.big_endian_int.serialize(nonce), b"\x01"]
    encoded = rlp.encode(fields)
    return (bytes([kind]) if kind else b"") + encoded, body, shown


def block(rng, header):
    """`header` gives a random header's fields by FullHeader's names; roots and blooms are put in here."""
    byzantium = rng.random() < 0.8
    count = rng.choice([0, 1, 2, 3, 15, 16, 17, 40, rng.choice([127, 128, 129, 200, 257])])
    trie, union, gas, receipts, logs_before = HexaryTrie({}), 0, 0, [], 0
    for index in range(count):
        gas += rng.choice([21_000, rng.randrange(1, 5_000_000)])
        encoded, body, shown = receipt(rng, index, gas, byzantium)
        trie[rlp.encode(index)] = encoded
        union |= body.bloom
        receipts.append((shown, body.logs))
    fields = header(rng)
    fields["receiptsRoot"] = trie.root_hash
    fields["logsBloom"] = union.to_bytes(256, "big")
    encoded = rlp.encode(
        [rlp.sedes.big_endian_int.serialize(value) if isinstance(value, int) else value for value in fields.values()]
    )
    block_hash = text(keccak(encoded))
    names = {"ommersHash": "sha3Uncles", "beneficiary": "miner"}
    shown_block = {names.get(k, k): hex(v) if isinstance(v, int) else text(v) for k, v in fields.items()}
    shown_block["hash"] = block_hash
    shown_block["transactions"] = [shown["transactionHash"] for shown, _ in receipts]
    place = {"blockHash": block_hash, "blockNumber": shown_block["number"]}
    for shown, logs in receipts:
        shown.update(place)
        shown["logs"] = []
        for item in logs:
            shown["logs"].append({
                "address": text(item.address), "topics": [text(t.to_bytes(32, "big")) for t in item.topics],
                "data": text(item.data), "logIndex": hex(logs_before), "transactionIndex": shown["transactionIndex"],
                "transactionHash": shown["transactionHash"], "removed": False, **place,
            })
            logs_before += 1
    order = [shown for shown, _ in receipts]
    if rng.random() < 0.2:
        rng.shuffle(order)
    return {"input": json.dumps(shown_block), "output": json.dumps(order)}


def trie(rng):
    """Values as short as one byte, whose nodes lie inside their parents, and longer ones."""
    most = rng.choice([1, 3, 20, 40, 300])
    values = [rng.randbytes(rng.randrange(1, most + 1)) for _ in range(rng.choice([0, 1, 2, 3, 16, 17, 127, 128, 129, 300]))]
    held = HexaryTrie({})
    for index, value in enumerate(values):
        held[rlp.encode(index)] = value
    return {"items": [text(value) for value in values], "output": text(held.root_hash)}
