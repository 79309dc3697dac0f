"""Checks of the test's own side, without Holdfast: headers, receipts, geth's rules, reorgs, and fold against EVM."""

import http.client
import json
import threading

import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie

from compare import Reader, differences, unseen_damages
from fold import CONSECUTIVE, SINGLE, TRANSFER, Fold
from rpc import Server
from scenario import Scenario, abi


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def raw(self, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request("POST", "/", data, {"Content-Type": kind})
        response = self.connection.getresponse()
        text = response.read()
        return response.status, (json.loads(text) if text[:1] in (b"{", b"[") else text)

    def call(self, method, *params):
        answer = self.raw({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})[1]
        if "error" in answer:
            return answer["error"]["code"], answer["error"]["message"]
        return answer["result"]


def octets(text):
    return bytes.fromhex(text[2:])


def integer(text):
    number = int(text, 16)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def header_hash(block):
    plain = ("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom")
    numbers = ("difficulty", "number", "gasLimit", "gasUsed", "timestamp")
    fields = [octets(block[k]) for k in plain] + [integer(block[k]) for k in numbers]
    fields += [octets(block[k]) for k in ("extraData", "mixHash", "nonce")]
    fields += [integer(block["baseFeePerGas"]), octets(block["withdrawalsRoot"])]
    fields += [integer(block["blobGasUsed"]), integer(block["excessBlobGas"]), octets(block["parentBeaconBlockRoot"])]
    return "0x" + keccak(rlp.encode(fields)).hex()


def bloom(logs):
    bits = 0
    for log in logs:
        for value in (log["address"], *log["topics"]):
            digest = keccak(octets(value))
            for i in (0, 2, 4):
                bits |= 1 << (int.from_bytes(digest[i : i + 2], "big") & 2047)
    return "0x%0512x" % bits


def receipts_root(receipts):
    tree = HexaryTrie({})
    for index, r in enumerate(receipts):
        logs = [[octets(x["address"]), [octets(t) for t in x["topics"]], octets(x["data"])] for x in r["logs"]]
        body = rlp.encode([integer(r["status"]), integer(r["cumulativeGasUsed"]), octets(r["logsBloom"]), logs])
        tree[rlp.encode(index)] = integer(r["type"]) + body
    return "0x" + tree.root_hash.hex()


def check_headers(check, chain, client):
    bad, kinds, before = [], set(), None
    for number in range(chain.head.number + 1):
        block = client.call("eth_getBlockByNumber", hex(number), False)
        receipts = client.call("eth_getBlockReceipts", hex(number))
        kinds |= {r["type"] for r in receipts}
        logs = [log for r in receipts for log in r["logs"]]
        good = (
            header_hash(block) == block["hash"]
            and bloom(logs) == block["logsBloom"]
            and receipts_root(receipts) == block["receiptsRoot"]
            and [int(x["logIndex"], 16) for x in logs] == list(range(len(logs)))
            and (number == 0 or block["parentHash"] == before)
            and client.call("eth_getLogs", {"blockHash": block["hash"]}) == logs
        )
        before = block["hash"]
        if not good:
            bad.append(number)
    check(f"header hash, bloom and receipts root of {chain.head.number + 1} blocks recomputed over HTTP", not bad, bad)
    check("transactions of types 0, 1 and 2", kinds == {"0x0", "0x1", "0x2"}, kinds)


def check_orphans(check, scenario, client):
    chain = scenario.chain
    wrong = []
    for old, new in chain.reorgs:
        for block in old:
            hash = "0x" + block.hash.hex()
            found = client.call("eth_getBlockByHash", hash, False)
            logs = client.call("eth_getLogs", {"blockHash": hash})
            receipts = client.call("eth_getBlockReceipts", hash)
            if (
                found["hash"] != hash
                or header_hash(found) != hash
                or len(logs) != len(block.logs)
                or len(receipts) != len(block.txs)
                or client.call("eth_getBlockByNumber", found["number"], False)["hash"] == hash
            ):
                wrong.append(block.number)
    check("orphaned blocks, their logs and receipts are found by hash, not by number", not wrong, wrong)
    old = chain.reorgs[0][0][-1]
    where = {"blockHash": "0x" + old.hash.hex(), "requireCanonical": True}
    to = {"to": "0x" + next(iter(scenario.kinds())).hex(), "data": "0x01ffc9a701ffc9a7" + "00" * 28}
    check(
        "requireCanonical refuses an orphan",
        client.call("eth_call", to, where) == (-32000, "hash is not currently canonical"),
    )
    del where["requireCanonical"]
    check("eth_call on an orphan", isinstance(client.call("eth_call", to, where), str))


def check_manners(check, scenario, client):
    chain = scenario.chain
    head = chain.head.number
    logs = lambda **query: client.call("eth_getLogs", query)
    everything = logs(fromBlock="0x0", toBlock="latest")
    check("all logs", len(everything) == len(chain.logs(0, head)) > 0)
    check(
        "toBlock beyond the head",
        logs(fromBlock="0x0", toBlock=hex(head + 1)) == (-32602, "block range extends beyond current head block"),
    )
    check("unknown blockHash", logs(blockHash="0x" + "77" * 32) == (-32000, "unknown block"))
    check("blockHash and range", logs(blockHash="0x" + "77" * 32, fromBlock="0x1")[0] == -32602)
    check("fromBlock above toBlock", logs(fromBlock="0x5", toBlock="0x4") == (-32602, "invalid block range params"))
    check("leading zero", logs(fromBlock="0x05", toBlock="0x06")[0] == -32602)
    names = ["0x" + t.hex() for t in (TRANSFER, SINGLE, CONSECUTIVE)]
    padded = logs(fromBlock="0x0", toBlock="latest", topics=[names, None, None, None])
    expected = [x for x in everything if len(x["topics"]) == 4 and x["topics"][0] in names]
    check("nulls drop logs with fewer topics", padded == expected and len(padded) < len(everything))
    short = logs(fromBlock="0x0", toBlock="latest", topics=[names[0]])
    check("one topic keeps all", short == [x for x in everything if x["topics"][:1] == names[:1]])
    check("four topic counts of one Transfer", {len(x["topics"]) for x in short} >= {1, 3, 4})
    check("too many topics", logs(topics=[None] * 5)[0] == -32602)
    two = sorted({x["address"] for x in everything})[:2]
    check(
        "address list",
        logs(fromBlock="0x0", toBlock="latest", address=two) == [x for x in everything if x["address"] in two],
    )
    check(
        "single address",
        logs(fromBlock="0x0", toBlock="latest", address=two[0]) == [x for x in everything if x["address"] == two[0]],
    )
    check("no block above the head", client.call("eth_getBlockByNumber", hex(head + 1), False) is None)
    check(
        "finalized",
        int(client.call("eth_getBlockByNumber", "finalized", False)["number"], 16) == chain.finalized == head - 16,
    )
    check("unknown block by hash", client.call("eth_getBlockByHash", "0x" + "77" * 32, False) is None)
    check("unknown method", client.call("eth_nothing")[0] == -32601)
    check("missing argument", client.call("eth_getBlockByHash") == (-32602, "missing value for required argument 0"))
    status, answers = client.raw([{"jsonrpc": "2.0", "id": i, "method": "eth_chainId", "params": []} for i in (7, 8)])
    check("batch", status == 200 and [a["id"] for a in answers] == [7, 8])
    check("empty batch", client.raw([])[1]["error"]["code"] == -32600)
    check("not JSON", client.raw(b"{")[1]["error"]["code"] == -32700)
    check("content type", client.raw(b"{}", "text/plain")[0] == 415)
    twenty = next(c for c, k in scenario.kinds().items() if k == "erc721")
    failed = client.call(
        "eth_call", {"to": "0x" + twenty.hex(), "data": "0x" + abi("ownerOf(uint256)", 2**250).hex()}, "latest"
    )
    check("a revert with its reason", failed == (3, "execution reverted: no such token"), failed)
    check(
        "code and no code",
        client.call("eth_getCode", "0x" + twenty.hex(), "latest")
        != "0x"
        == client.call("eth_getCode", "0x" + twenty.hex(), "0x0"),
    )
    hash = chain.head.txs[0].hash if chain.head.txs else chain.block(head - 1).txs[0].hash
    check(
        "receipt of a transaction",
        client.call("eth_getTransactionReceipt", "0x" + hash.hex())["transactionHash"] == "0x" + hash.hex(),
    )
    full = client.call("eth_getBlockByNumber", "0x4", True)["transactions"]
    check(
        "full transactions",
        [t["hash"] for t in full] == client.call("eth_getBlockByNumber", "0x4", False)["transactions"],
    )


def check_atomic(check, scenario, server):
    """Two branches made canonical in turn while another thread reads: no answer may hold blocks of both."""
    chain = scenario.chain
    parent = chain.head
    sides = []
    for salt in (b"left", b"right"):
        first = scenario.build(parent, salt=salt)
        while not first.logs:
            first = scenario.build(parent, salt=salt)
        second = scenario.build(first, salt=salt)
        sides.append([first, second])
    hashes = [{"0x" + block.hash.hex() for block in side} for side in sides]
    chain.publish(sides[0])
    mixed, seen, stop = [], [set(), set()], threading.Event()

    def read():
        client = Client(server.port)
        while not stop.is_set():
            answer = client.call("eth_getLogs", {"fromBlock": hex(parent.number + 1), "toBlock": "latest"})
            blocks = {log["blockHash"] for log in answer}
            for side in (0, 1):
                seen[side] |= blocks & hashes[side]
            if blocks & hashes[0] and blocks & hashes[1]:
                mixed.append(blocks)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(200):
        chain.publish(sides[turn % 2])
        stop.wait(0.005)
    stop.set()
    for reader in readers:
        reader.join()
    check("a reorg is one step for readers (200 of them)", not mixed and all(seen), (len(mixed), list(map(len, seen))))


def compared(scenario, thin=False):
    chain = scenario.chain
    fold = Fold().add(chain.logs(0, chain.head.number))
    reader = Reader(scenario, chain.head, thin)
    lines = fold.lines(chain.chain_id)
    return differences(lines, scenario, reader, fold), lines, fold, reader


def run(check, seed, blocks):
    scenario = Scenario(seed, blocks)
    server = Server(scenario.chain).start()
    client = Client(server.port)

    def moment(name):
        def hook(scenario):
            found, lines, _, reader = compared(scenario, thin=True)
            check(
                f"{name}, block {scenario.chain.head.number}: {len(lines)} lines of the fold equal the EVM "
                f"({reader.calls} calls)",
                not found,
                found[:5],
            )

        return hook

    scenario.play(0, moment("before a reorg"), moment("after a reorg"))
    chain = scenario.chain
    print(
        f"  {scenario.blocks_mined} blocks, {scenario.transactions} transactions, {scenario.failed} of them failed, "
        f"reorgs {[(r['depth'], r['new_head'] - r['head']) for r in scenario.reorgs_done]}"
    )
    check("no transaction against expectation", scenario.surprises == 0, scenario.surprises)
    check(
        "three reorgs, one to a lower head",
        len(chain.reorgs) == 3 and any(r["new_head"] < r["head"] for r in scenario.reorgs_done),
    )
    kinds = scenario.kinds_seen[scenario.twin]
    check(
        "two contracts at one address",
        kinds == {"erc721", "erc1155"} and scenario.kinds()[scenario.twin] == "erc1155",
        kinds,
    )
    again = {tx.hash for old, _ in chain.reorgs for b in old for tx in b.txs} & set(chain.tx_places)
    check("transactions of orphaned blocks are in the chain again", len(again) > 10, len(again))
    found, lines, fold, reader = compared(scenario)
    check(f"at the end: {len(lines)} lines equal the EVM ({reader.calls} calls)", not found, found[:5])
    print(f"  applied {dict(fold.applied)}, malformed {dict(fold.malformed)}")
    check("every kind of event and of malformed log occurred", len(fold.applied) == 4 and len(fold.malformed) == 5)
    made, blind = unseen_damages(found, lines, scenario, reader, fold)
    check(f"the comparison sees each of {made} damages", not blind, blind)
    check_headers(check, chain, client)
    check_orphans(check, scenario, client)
    check_manners(check, scenario, client)
    check_atomic(check, scenario, server)
    server.stop()
