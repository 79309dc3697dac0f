import Foundation
import Ethereum
import Glibc
import Tokens

/// A JSON-RPC server over loopback whose answers are rendered before the clock starts: a log answer is one slice of one
/// buffer, so that what is measured is the client.
final class Server: @unchecked Sendable {
    private var logs: [UInt8] = []
    /// Where each block's logs start in ``logs``; one more at the end.
    private var starts: [Int] = [0, 0]
    private var headers: [[UInt8]] = []
    private let blockCount: Int
    private let latency: useconds_t
    let port: UInt16
    private let socketDescriptor: Int32

    init(_ data: Dataset, latencyMilliseconds: Int = 0) {
        blockCount = data.blockCount
        latency = useconds_t(latencyMilliseconds * 1_000)
        logs.reserveCapacity(data.logCount * 700)
        var renderer = Renderer()
        headers = renderer.render(data, into: &logs, starts: &starts)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                _ = listen(descriptor, 128)
                _ = getsockname(descriptor, $0, &length)
            }
        }
        socketDescriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    /// Serves for ever, a thread for each connection.
    func run() {
        while true {
            let connection = accept(socketDescriptor, nil, nil)
            guard connection >= 0 else { continue }
            var yes: Int32 = 1
            setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
            Thread.detachNewThread { self.serve(connection) }
        }
    }

    private func serve(_ connection: Int32) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var held = 0
        while true {
            guard let end = find([13, 10, 13, 10], in: buffer, count: held, from: 0) else {
                let count = recv(connection, &buffer[held], buffer.count - held, 0)
                guard count > 0 else { break }
                held += count
                continue
            }
            let length = contentLength(buffer, end)
            let total = end + 4 + length
            while held < total {
                let count = recv(connection, &buffer[held], buffer.count - held, 0)
                guard count > 0 else {
                    close(connection)
                    return
                }
                held += count
            }
            let request = String(decoding: buffer[(end + 4)..<total], as: UTF8.self)
            buffer.removeSubrange(0..<total)
            buffer.append(contentsOf: repeatElement(0, count: total))
            held -= total
            if latency > 0 { usleep(latency) }
            answer(request, connection)
        }
        close(connection)
    }

    private func answer(_ request: String, _ connection: Int32) {
        let id = number(after: "\"id\":", in: request) ?? "1"
        if request.hasPrefix("[") {
            var parts: [String] = []
            for piece in request.components(separatedBy: "\"jsonrpc\"").dropFirst() {
                let one = number(after: "\"id\":", in: piece) ?? "1"
                parts.append(
                    "{\"jsonrpc\":\"2.0\",\"id\":\(one),\"result\":\(String(decoding: header(piece), as: UTF8.self))}"
                )
            }
            return send(Array("[\(parts.joined(separator: ","))]".utf8), nil, [], connection)
        }
        let start = Array("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":".utf8)
        if request.contains("eth_getLogs") {
            guard let from = hex(after: "fromBlock", in: request), let to = hex(after: "toBlock", in: request) else {
                return send(
                    Array(
                        "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"error\":{\"code\":-32000,\"message\":\"unknown block\"}}"
                            .utf8
                    ),
                    nil,
                    [],
                    connection
                )
            }
            let first = max(1, Int(from))
            let last = min(blockCount, Int(to))
            let range = first <= last ? starts[first]..<starts[last + 1] : 0..<0
            let trimmed = range.isEmpty ? range : range.lowerBound..<(range.upperBound - 1)
            return send(start + [0x5B], trimmed, [0x5D, 0x7D], connection)
        }
        if request.contains("eth_getBlockBy") { return send(start + header(request) + [0x7D], nil, [], connection) }
        if request.contains("eth_chainId") { return send(start + Array("\"0x1\"}".utf8), nil, [], connection) }
        if request.contains("eth_blockNumber") {
            return send(start + Array("\"0x\(String(blockCount, radix: 16))\"}".utf8), nil, [], connection)
        }
        send(
            Array(
                "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"error\":{\"code\":-32601,\"message\":\"method not found\"}}".utf8
            ),
            nil,
            [],
            connection
        )
    }

    private func header(_ request: String) -> [UInt8] {
        if request.contains("\"latest\"") || request.contains("\"finalized\"") { return headers[blockCount] }
        guard let wanted = hex(after: "params", in: request), wanted <= UInt64(blockCount) else {
            return Array("null".utf8)
        }
        return headers[Int(wanted)]
    }

    private func send(_ head: [UInt8], _ body: Range<Int>?, _ foot: [UInt8], _ connection: Int32) {
        let count = head.count + (body?.count ?? 0) + foot.count
        let http = Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(count)\r\n\r\n".utf8)
        write(http + head, connection)
        if let body {
            logs.withUnsafeBytes { bytes in
                if let start = bytes.baseAddress { writeAll(start + body.lowerBound, body.count, connection) }
            }
        }
        if !foot.isEmpty { write(foot, connection) }
    }

    private func write(_ bytes: [UInt8], _ connection: Int32) {
        bytes.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { writeAll(start, bytes.count, connection) }
        }
    }

    private func writeAll(_ start: UnsafeRawPointer, _ count: Int, _ connection: Int32) {
        var sent = 0
        while sent < count {
            let done = Glibc.send(connection, start + sent, count - sent, Int32(MSG_NOSIGNAL))
            guard done > 0 else { return }
            sent += done
        }
    }

    private func find(_ pattern: [UInt8], in bytes: [UInt8], count: Int, from: Int) -> Int? {
        guard count >= pattern.count else { return nil }
        for start in from...(count - pattern.count) where bytes[start] == pattern[0] {
            if Array(bytes[start..<start + pattern.count]) == pattern { return start }
        }
        return nil
    }

    private func contentLength(_ bytes: [UInt8], _ end: Int) -> Int {
        let text = String(decoding: bytes[0..<end], as: UTF8.self).lowercased()
        return number(after: "content-length:", in: text).flatMap { Int($0) } ?? 0
    }

    private func number(after key: String, in text: String) -> String? {
        guard let range = text.range(of: key) else { return nil }
        let digits = text[range.upperBound...].drop { $0 == " " }.prefix { $0.isNumber }
        return digits.isEmpty ? nil : String(digits)
    }

    private func hex(after key: String, in text: String) -> UInt64? {
        guard let place = text.range(of: key), let start = text[place.upperBound...].range(of: "\"0x") else {
            return nil
        }
        return UInt64(text[start.upperBound...].prefix { $0.isHexDigit }, radix: 16)
    }
}
