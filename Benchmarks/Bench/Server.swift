import Foundation
import Glibc
import Synchronization

/// What a server says; asked from a thread for each connection.
protocol Answering: AnyObject, Sendable {
    /// - Parameter head: the request's first line and fields, in lower case.
    func answer(_ body: String, head: String) -> Node.Answer
    /// Bytes that stand between an answer's head and foot.
    func withBytes(of answer: Node.Answer, _ body: (UnsafeRawBufferPointer) -> Void)
}

extension Answering {
    func withBytes(of answer: Node.Answer, _ body: (UnsafeRawBufferPointer) -> Void) {
        body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
}

/// A node over loopback: HTTP/1.1, a thread for each connection, every answer rendered before.
///
/// The path says how long a request waits before it is answered: `/` not at all, `/50` for 50 ms.
final class Server: Sendable {
    let node: any Answering
    let port: UInt16
    private let listener: Int32

    /// - Parameter everywhere: on every address of this machine, each of which is a host of its own.
    init(_ node: any Answering, everywhere: Bool = false) {
        self.node = node
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(everywhere ? 0 : 0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | listen(descriptor, 512) | getsockname(descriptor, $0, &length)
            }
        }
        precondition(code == 0, "a free port on loopback is there to be had")
        listener = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Serves for ever.
    func run() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { continue }
            var yes: Int32 = 1
            setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
            Thread.detachNewThread {
                self.serve(connection)
                close(connection)
            }
        }
    }

    private func serve(_ connection: Int32) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var held = 0
        while true {
            guard let end = headEnd(buffer, held) else {
                let count = recv(connection, &buffer[held], buffer.count - held, 0)
                guard count > 0 else { return }
                held += count
                continue
            }
            let head = String(decoding: buffer[0..<end], as: UTF8.self).lowercased()
            let total = end + 4 + (RequestText(head).number(after: "content-length:").flatMap { Int($0) } ?? 0)
            while held < total {
                let count = recv(connection, &buffer[held], buffer.count - held, 0)
                guard count > 0 else { return }
                held += count
            }
            let request = String(decoding: buffer[(end + 4)..<total], as: UTF8.self)
            buffer.removeSubrange(0..<total)
            buffer.append(contentsOf: repeatElement(0, count: total))
            held -= total
            if let milliseconds = RequestText(head).number(after: "post /") {
                usleep((UInt32(milliseconds) ?? 0) * 1_000)
            }
            send(node.answer(request, head: head), connection)
        }
    }

    private func send(_ answer: Node.Answer, _ connection: Int32) {
        let count = answer.head.count + answer.slice.count + answer.foot.count
        let http = Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(count)\r\n\r\n".utf8)
        write(http + answer.head, connection)
        node.withBytes(of: answer) { if let start = $0.baseAddress { writeAll(start, $0.count, connection) } }
        write(answer.foot, connection)
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

    /// Where the empty line behind the header fields is.
    private func headEnd(_ bytes: [UInt8], _ count: Int) -> Int? {
        guard count >= 4 else { return nil }
        for start in 0...(count - 4)
        where bytes[start] == 13 && bytes[start + 1] == 10 && bytes[start + 2] == 13 && bytes[start + 3] == 10 {
            return start
        }
        return nil
    }
}

/// The few things that are read out of a request.
struct RequestText {
    let text: String

    init(_ text: String) { self.text = text }

    /// The decimal number right behind `key`.
    func number(after key: String) -> String? {
        guard let range = text.range(of: key) else { return nil }
        let digits = text[range.upperBound...].drop { $0 == " " }.prefix { $0.isNumber }
        return digits.isEmpty ? nil : String(digits)
    }

    /// The digits of the first "0x…" behind `key`.
    func digits(after key: String) -> Substring? {
        guard let place = text.range(of: key), let start = text[place.upperBound...].range(of: "\"0x") else {
            return nil
        }
        return text[start.upperBound...].prefix { $0.isHexDigit }
    }

    func hex(after key: String) -> UInt64? { digits(after: key).flatMap { UInt64($0, radix: 16) } }
}
