"""A synthetic chain behind a small JSON-RPC server: deterministic, quick to make, slow to read on purpose."""

import hashlib
import http.server
import json
import threading
import time

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
SINGLE = "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62"


def digest(*parts):
    return "0x" + hashlib.sha256(repr(parts).encode()).hexdigest()


def word(value):
    return f"0x{value:064x}"


def address(number):
    return "0x" + hashlib.sha256(b"address%d" % number).hexdigest()[:40]


def topic(text):
    return "0x" + "0" * 24 + text[2:]


class Chain:
    """`blocks` blocks, of which every `every`th has three NFT logs; all final but the last ten."""

    def __init__(self, blocks, chain_id=777, every=1):
        self.id = chain_id
        self.logs = {}
        self.head = blocks
        owners = {}
        zero = "0x" + "0" * 40
        for number in range(every, blocks + 1, every):
            made = []
            for index in range(3):
                seed = int(digest("draw", number, index)[2:18], 16)
                to = address(seed % 97)
                if index < 2:
                    token = seed % 500
                    contract = address(1000 + token % 3)
                    topics = [TRANSFER, topic(owners.get(token, zero)), topic(to), word(token)]
                    owners[token] = to
                    data = "0x"
                else:
                    contract = address(2000)
                    sender = zero if seed % 3 == 0 else address(seed % 89)
                    topics = [SINGLE, topic(sender), topic(sender), topic(to)]
                    data = word(seed % 40) + word(seed % 7)[2:]
                made.append(
                    {
                        "address": contract,
                        "topics": topics,
                        "data": data,
                        "blockNumber": hex(number),
                        "blockHash": self.hash(number),
                        "transactionHash": digest("tx", number, index),
                        "transactionIndex": hex(index),
                        "logIndex": hex(index),
                        "removed": False,
                    }
                )
            self.logs[number] = made

    def add(self, number, contract, topics, data):
        """One more log of a block's last transaction."""
        logs = self.logs[number]
        place = {"logIndex": hex(len(logs)), "address": contract, "topics": topics, "data": data}
        logs.append({**logs[-1], **place})

    def hash(self, number):
        return digest("block", self.id, number)

    def number(self, wanted):
        """The height of a hash, looked for from the head down; None where nobody has it."""
        return next((n for n in range(self.head, -1, -1) if self.hash(n) == wanted), None)

    def header(self, number):
        if number > self.head:
            return None
        return {
            "number": hex(number),
            "hash": self.hash(number),
            "parentHash": self.hash(number - 1),
            "timestamp": hex(1_600_000_000 + number),
        }

    def answer(self, method, params):
        if method == "eth_chainId":
            return hex(self.id)
        if method == "eth_blockNumber":
            return hex(self.head)
        if method == "eth_getBlockByNumber":
            tags = {"latest": self.head, "finalized": self.head - 10, "safe": self.head - 10, "earliest": 0}
            number = tags[params[0]] if params[0] in tags else int(params[0], 16)
            return self.header(number)
        if method == "eth_getBlockByHash":
            number = self.number(params[0])
            return None if number is None else self.header(number)
        if method == "eth_getLogs":
            query = params[0]
            if "blockHash" in query:
                numbers = [self.number(query["blockHash"])]
                if numbers == [None]:
                    raise LookupError("unknown block")
            else:
                numbers = range(int(query["fromBlock"], 16), int(query["toBlock"], 16) + 1)
            addresses = query.get("address")
            wanted = [addresses] if isinstance(addresses, str) else addresses
            found = [log for n in numbers for log in self.logs.get(n, [])]
            topics = [[topic] if isinstance(topic, str) else topic for topic in query.get("topics") or []]
            return [
                log
                for log in found
                if (not wanted or log["address"] in wanted)
                and len(log["topics"]) >= len(topics)
                and all(not choice or log["topics"][place] in choice for place, choice in enumerate(topics))
            ]
        raise NotImplementedError(method)


class Server:
    def __init__(self, chain, seconds=0.0, range_max=100):
        outer = self
        self.requests = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                calls = body if isinstance(body, list) else [body]
                outer.requests += 1
                if any(call["method"] == "eth_getLogs" for call in calls):
                    time.sleep(seconds)
                answers = [outer.one(chain, call, range_max) for call in calls]
                text = json.dumps(answers if isinstance(body, list) else answers[0]).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        # A client that was killed leaves broken pipes behind; that is the point of some tests.
        self.http.handle_error = lambda *_: None
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    @staticmethod
    def one(chain, call, range_max):
        answer = {"jsonrpc": "2.0", "id": call["id"]}
        try:
            query = call["params"][0] if call["method"] == "eth_getLogs" else {}
            if "fromBlock" in query and int(query["toBlock"], 16) - int(query["fromBlock"], 16) >= range_max:
                raise ValueError(f"eth_getLogs is limited to a {range_max} range")
            answer["result"] = chain.answer(call["method"], call["params"])
        except NotImplementedError as error:
            answer["error"] = {"code": -32601, "message": f"the method {error} does not exist"}
        except (LookupError, ValueError) as error:
            answer["error"] = {"code": -32000, "message": str(error)}
        return answer
