"""JSON-RPC over HTTP for `Chain`, as strict as geth where a client could come to rely on it.

Every request is answered under the chain's lock, so that a reorg happens wholly before it or wholly after it.
A batch is not one moment: as in geth, a reorg may fall between two of its requests.
"""

import gzip
import json
import re
import socket
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import rlp

from chain import CALL_GAS, Reverted

MAX_BODY = 5 * 1024 * 1024
MAX_BATCH = 1000
QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]*)\Z")
CLIENT_VERSION = "holdfast-test-evm/py-evm-0.12.1b1/cancun"


class Failure(Exception):
    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


def invalid(place, text):
    return Failure(-32602, f"invalid argument {place}: {text}")


def hx(data):
    return "0x" + bytes(data).hex()


def word(number):
    return "0x%064x" % number


def quantity(text, place):
    if not isinstance(text, str) or not text.startswith("0x"):
        raise invalid(place, "hex string without 0x prefix")
    if not QUANTITY.match(text):
        raise invalid(place, "hex number with leading zero digits" if text[2:3] == "0" else "invalid hex string")
    number = int(text, 16)
    if number >= 2**64:
        raise invalid(place, "hex number > 64 bits")
    return number


def octets(text, length, place):
    if not isinstance(text, str) or not text.startswith("0x"):
        raise invalid(place, "hex string without 0x prefix")
    try:
        data = bytes.fromhex(text[2:])
    except ValueError:
        raise invalid(place, "invalid hex string") from None
    if length is not None and len(data) != length:
        raise invalid(place, f"hex has invalid length {len(text) - 2} after decoding; expected {length * 2}")
    return data


class Methods:
    """The methods, without HTTP. `log_timestamps` adds blockTimestamp to logs."""

    def __init__(self, chain, log_timestamps=True):
        self.chain, self.log_timestamps = chain, log_timestamps
        self.counts, self.errors = Counter(), Counter()
        # Places (block number, log index) that eth_getLogs leaves out, though their receipts have them.
        self.withheld = set()

    def answer(self, method, params):
        self.counts[method] += 1
        handler = getattr(self, method, None) if re.match(r"(eth|web3|net)_[A-Za-z]+\Z", str(method)) else None
        if handler is None:
            raise Failure(-32601, f"the method {method} does not exist/is not available")
        if params is None:
            params = []
        if not isinstance(params, list):
            raise Failure(-32602, "non-array args")
        with self.chain.lock:
            return handler(*self.arity(handler, params))

    @staticmethod
    def arity(handler, params):
        most = handler.__code__.co_argcount - 1
        least = most - len(handler.__defaults__ or ())
        if len(params) > most:
            raise Failure(-32602, f"too many arguments, want at most {most}")
        if len(params) < least or any(p is None for p in params[:least]):
            missing = next((i for i in range(least) if i >= len(params) or params[i] is None), 0)
            raise Failure(-32602, f"missing value for required argument {missing}")
        return params

    # Which block

    def height(self, tag, place=0):
        if tag in ("latest", None):
            return self.chain.head.number
        if tag in ("finalized", "safe"):
            return self.chain.finalized
        if tag == "earliest":
            return 0
        if tag == "pending":
            raise Failure(-32000, "pending block is not available")
        return quantity(tag, place)

    def at(self, where, place, absent="header not found"):
        """A number, a tag, a hash, or EIP-1898; raises if there is no such block."""
        block = self.find(where, place)
        if block is None:
            raise Failure(-32000, absent)
        return block

    def find(self, where, place):
        must = False
        if isinstance(where, dict):
            if "blockHash" in where and "blockNumber" in where:
                raise invalid(place, "cannot specify both BlockHash and BlockNumber, choose one or the other")
            must = where.get("requireCanonical", False)
            where = where.get("blockHash", where.get("blockNumber"))
            if where is None:
                raise invalid(place, "at least one of blockNumber or blockHash is needed")
        if isinstance(where, str) and len(where) == 66:
            block = self.chain.block(octets(where, 32, place))
            if block is not None and must and not self.chain.is_canonical(block):
                raise Failure(-32000, "hash is not currently canonical")
            return block
        return self.chain.block(self.height(where, place))

    # Head and identity

    def web3_clientVersion(self):
        return CLIENT_VERSION

    def net_version(self):
        return str(self.chain.chain_id)

    def eth_chainId(self):
        return hex(self.chain.chain_id)

    def eth_syncing(self):
        return False

    def eth_blockNumber(self):
        return hex(self.chain.head.number)

    # Blocks

    def eth_getBlockByNumber(self, tag, full=False):
        return self.block_json(self.chain.block(self.height(tag)), full)

    def eth_getBlockByHash(self, hash, full=False):
        return self.block_json(self.chain.block(octets(hash, 32, 0)), full)

    def block_json(self, block, full):
        if block is None:
            return None
        if not isinstance(full, bool):
            raise invalid(1, "json: cannot unmarshal into Go value of type bool")
        key = "full" if full else "block"
        if key not in block.cache:
            h = block.header
            block.cache[key] = {
                "number": hex(block.number),
                "hash": hx(block.hash),
                "parentHash": hx(h.parent_hash),
                "sha3Uncles": hx(h.uncles_hash),
                "miner": hx(h.coinbase),
                "stateRoot": hx(h.state_root),
                "transactionsRoot": hx(h.transaction_root),
                "receiptsRoot": hx(h.receipt_root),
                "logsBloom": "0x%0512x" % h.bloom,
                "difficulty": hex(h.difficulty),
                "gasLimit": hex(h.gas_limit),
                "gasUsed": hex(h.gas_used),
                "timestamp": hex(h.timestamp),
                "extraData": hx(h.extra_data),
                "mixHash": hx(h.mix_hash),
                "nonce": hx(h.nonce),
                "baseFeePerGas": hex(h.base_fee_per_gas),
                "withdrawalsRoot": hx(h.withdrawals_root),
                "blobGasUsed": hex(h.blob_gas_used),
                "excessBlobGas": hex(h.excess_blob_gas),
                "parentBeaconBlockRoot": hx(h.parent_beacon_block_root),
                "size": hex(len(rlp.encode(h)) + sum(len(tx.encode()) for tx in block.txs)),
                "uncles": [],
                "withdrawals": [],
                "transactions": [self.tx_json(block, i) if full else hx(tx.hash) for i, tx in enumerate(block.txs)],
            }
        return block.cache[key]

    def tx_json(self, block, index):
        tx = block.txs[index]
        kind = getattr(tx, "type_id", None) or 0
        answer = {
            "blockHash": hx(block.hash),
            "blockNumber": hex(block.number),
            "from": hx(tx.sender),
            "gas": hex(tx.gas),
            "gasPrice": hex(self.price(block, tx)),
            "hash": hx(tx.hash),
            "input": hx(tx.data),
            "nonce": hex(tx.nonce),
            "to": hx(tx.to) if tx.to else None,
            "transactionIndex": hex(index),
            "value": hex(tx.value),
            "type": hex(kind),
            "chainId": hex(self.chain.chain_id),
            "v": hex(tx.v if kind == 0 else tx.y_parity),
            "r": hex(tx.r),
            "s": hex(tx.s),
        }
        if kind:
            answer["accessList"] = []
            answer["yParity"] = hex(tx.y_parity)
        if kind == 2:
            answer["maxFeePerGas"] = hex(tx.max_fee_per_gas)
            answer["maxPriorityFeePerGas"] = hex(tx.max_priority_fee_per_gas)
        return answer

    @staticmethod
    def price(block, tx):
        if getattr(tx, "type_id", None) == 2:
            return min(tx.max_fee_per_gas, block.header.base_fee_per_gas + tx.max_priority_fee_per_gas)
        return tx.gas_price

    # Receipts

    def eth_getBlockReceipts(self, where):
        block = self.find(where, 0)
        return None if block is None else self.receipts(block)

    def eth_getTransactionReceipt(self, hash):
        place = self.chain.tx_places.get(octets(hash, 32, 0))
        return None if place is None else self.receipts(place[0])[place[1]]

    def receipts(self, block):
        if "receipts" in block.cache:
            return block.cache["receipts"]
        answer, used = [], 0
        for index, (tx, receipt, created) in enumerate(zip(block.txs, block.receipts, block.created)):
            answer.append(
                {
                    "blockHash": hx(block.hash),
                    "blockNumber": hex(block.number),
                    "contractAddress": hx(created) if created else None,
                    "cumulativeGasUsed": hex(receipt.gas_used),
                    "effectiveGasPrice": hex(self.price(block, tx)),
                    "from": hx(tx.sender),
                    "gasUsed": hex(receipt.gas_used - used),
                    "logs": [self.log_json(log) for log in block.logs if log.tx_index == index],
                    "logsBloom": "0x%0512x" % receipt.bloom,
                    "status": "0x1" if succeeded(receipt) else "0x0",
                    "to": hx(tx.to) if tx.to else None,
                    "transactionHash": hx(tx.hash),
                    "transactionIndex": hex(index),
                    "type": hex(getattr(tx, "type_id", None) or 0),
                }
            )
            used = receipt.gas_used
        block.cache["receipts"] = answer
        return answer

    # Logs

    def log_json(self, log):
        answer = {
            "address": hx(log.address),
            "topics": [hx(topic) for topic in log.topics],
            "data": hx(log.data),
            "blockNumber": hex(log.block.number),
            "transactionHash": hx(log.tx.hash),
            "transactionIndex": hex(log.tx_index),
            "blockHash": hx(log.block.hash),
            "logIndex": hex(log.index),
            "removed": False,
        }
        if self.log_timestamps:
            answer["blockTimestamp"] = hex(log.block.timestamp)
        return answer

    def eth_getLogs(self, query):
        if not isinstance(query, dict):
            raise invalid(0, "json: cannot unmarshal into Go value of type filters.input")
        addresses, topics = self.filter(query)
        head = self.chain.head.number
        if query.get("blockHash") is not None:
            if query.get("fromBlock") is not None or query.get("toBlock") is not None:
                raise invalid(0, "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other")
            block = self.chain.block(octets(query["blockHash"], 32, 0))
            if block is None:
                raise Failure(-32000, "unknown block")
            logs = block.logs
        else:
            first, last = self.height(query.get("fromBlock")), self.height(query.get("toBlock"))
            if first > last:
                raise Failure(-32602, "invalid block range params")
            if last > head:
                raise Failure(-32602, "block range extends beyond current head block")
            logs = self.chain.logs(first, last)
        shown = [log for log in logs if (log.block.number, log.index) not in self.withheld]
        return [self.log_json(log) for log in shown if matches(log, addresses, topics)]

    @staticmethod
    def filter(query):
        address = query.get("address")
        addresses = None
        if address is not None:
            listed = address if isinstance(address, list) else [address]
            addresses = {octets(one, 20, 0) for one in listed} or None
        topics = []
        given = query.get("topics")
        if given is not None:
            if not isinstance(given, list):
                raise invalid(0, "invalid topics")
            if len(given) > 4:
                raise Failure(-32602, "exceed max topics")
            for one in given:
                if one is None:
                    topics.append(None)
                elif isinstance(one, list):
                    # A null among alternatives makes the whole place open, as in geth; so does an empty list.
                    open_place = not one or any(t is None for t in one)
                    topics.append(None if open_place else {octets(t, 32, 0) for t in one})
                else:
                    topics.append({octets(one, 32, 0)})
        return addresses, topics

    # Calls

    def eth_call(self, call, where="latest"):
        if not isinstance(call, dict):
            raise invalid(0, "json: cannot unmarshal into Go value of type ethapi.TransactionArgs")
        block = self.at(where, 1)
        data = octets(call.get("input", call.get("data", "0x")) or "0x", None, 0)
        sender = octets(call.get("from") or "0x" + "00" * 20, 20, 0)
        if call.get("to") is None:
            raise Failure(-32000, "contract creation is not answered here")
        try:
            gas = min(quantity(call["gas"], 0), CALL_GAS) if call.get("gas") else CALL_GAS
            return hx(self.chain.call(block, octets(call["to"], 20, 0), data, sender, gas=gas))
        except Reverted as failed:
            if not failed.output:
                raise Failure(3, "execution reverted", "0x") from None
            raise Failure(3, "execution reverted" + reason(failed.output), hx(failed.output)) from None

    def eth_getCode(self, address, where="latest"):
        return hx(self.chain.code(self.at(where, 1), octets(address, 20, 0)))


def succeeded(receipt):
    return bytes(receipt.state_root) == b"\x01"


def reason(output):
    if output[:4] == bytes.fromhex("08c379a0") and len(output) >= 68:
        size = int.from_bytes(output[36:68], "big")
        return ": " + output[68 : 68 + size].decode("utf-8", "replace")
    return ""


def matches(log, addresses, topics):
    if addresses is not None and log.address not in addresses:
        return False
    if len(topics) > len(log.topics):
        return False
    return all(wanted is None or topic in wanted for wanted, topic in zip(topics, log.topics))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send(200, b"")

    def do_POST(self):
        body = self.body()
        if body is None:
            self.close_connection = True
            return self.send(413, b"request body too large", "text/plain")
        if (self.headers.get("Content-Type") or "").split(";")[0].strip() != "application/json":
            return self.send(415, b"invalid content type, only application/json is supported", "text/plain")
        try:
            request = json.loads(body)
        except ValueError:
            answer = failure(None, Failure(-32700, "parse error"))
        else:
            answer = self.server.dispatch(request)
        self.send(200, b"" if answer is None else json.dumps(answer, separators=(",", ":")).encode())

    def body(self):
        """The request's body, or None if it is too large."""
        if "chunked" not in (self.headers.get("Transfer-Encoding") or "").lower():
            length = int(self.headers.get("Content-Length") or 0)
            return None if length > MAX_BODY else self.rfile.read(length)
        parts, total = [], 0
        while size := int(self.rfile.readline().split(b";")[0], 16):
            total += size
            if total > MAX_BODY:
                return None
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        return b"".join(parts)

    def send(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if len(body) > 2048 and "gzip" in (self.headers.get("Accept-Encoding") or ""):
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def failure(id, error):
    inner = {"code": error.code, "message": error.message}
    if error.data is not None:
        inner["data"] = error.data
    return {"jsonrpc": "2.0", "id": id, "error": inner}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, chain, port=0, log_timestamps=True):
        super().__init__(("127.0.0.1", port), Handler)
        self.methods = Methods(chain, log_timestamps)
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, socket.timeout)):
            super().handle_error(request, client_address)

    def dispatch(self, request):
        if isinstance(request, list):
            if not request:
                return failure(None, Failure(-32600, "empty batch"))
            if len(request) > MAX_BATCH:
                return [failure(None, Failure(-32600, "batch too large"))]
            return [a for a in map(self.one, request) if a is not None] or None
        return self.one(request)

    def one(self, request):
        if not isinstance(request, dict) or "method" not in request or request.get("jsonrpc") != "2.0":
            id = request.get("id") if isinstance(request, dict) else None
            return failure(id, Failure(-32600, "invalid request"))
        id = request.get("id")
        try:
            answer = {
                "jsonrpc": "2.0",
                "id": id,
                "result": self.methods.answer(request["method"], request.get("params")),
            }
        except Failure as error:
            self.methods.errors[f"{request['method']}: {error.code} {error.message}"] += 1
            answer = failure(id, error)
        return answer if "id" in request else None


def main():
    """Serves a chain that the scenario has played to its end: `python rpc.py [PORT]`."""
    from scenario import Scenario

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    scenario = Scenario(seed=1, blocks=60, simple=True)
    scenario.play()
    server = Server(scenario.chain, port)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
