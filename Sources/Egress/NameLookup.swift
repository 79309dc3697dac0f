/// From a name to all of its addresses.
import Glibc

/// Looks up names; tests give their own answers.
package protocol NameLookup: Sendable {
    /// All addresses of the name, A and AAAA.
    ///
    /// - Throws: ``LookupFault``.
    func addresses(of name: String) async throws(LookupFault) -> [IPAddress]
}

package enum LookupFault: Error, Sendable, Hashable {
    /// The name does not exist, or has no address.
    case noSuchName
    /// The system's number (`EAI_…`): try again later.
    case failed(Int32)
    case tooManyAddresses
    case timedOut
    /// Every thread hangs in a lookup that nobody waits for any more.
    case stuck
    case queueFull
    case cancelled

    /// For people; holds nothing that came from outside.
    package var text: String {
        switch self {
        case .noSuchName: "no such name"
        case .failed(let code): "the lookup failed (\(code))"
        case .tooManyAddresses: "the name has too many addresses"
        case .timedOut: "the lookup took too long"
        case .stuck: "all lookups hang"
        case .queueFull: "too many lookups wait"
        case .cancelled: "cancelled"
        }
    }
}

/// The system's own lookup.
enum SystemLookup {
    /// More than any honest name has; every one of them is checked.
    static let addressesMax = 64

    /// Blocks the thread, for as long as the system's resolver likes.
    static func addresses(of name: String) -> Result<[IPAddress], LookupFault> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // A whole name is meant as it stands: no search domain of this machine is appended.
        let absolute = name.contains(".") ? name + "." : name
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(absolute, nil, &hints, &list)
        defer { unsafe freeIfAny(list) }
        guard code == 0 else {
            return .failure(code == EAI_NONAME || code == EAI_NODATA ? .noSuchName : .failed(code))
        }
        var found: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe address(entry.pointee), !found.contains(address) { found.append(address) }
            guard found.count <= addressesMax else { return .failure(.tooManyAddresses) }
            unsafe next = entry.pointee.ai_next
        }
        return found.isEmpty ? .failure(.noSuchName) : .success(found)
    }

    /// Not part of the public headers of every libc.
    private static let EAI_NODATA: Int32 = -5

    private static func freeIfAny(_ list: UnsafeMutablePointer<addrinfo>?) {
        if let list = unsafe list { unsafe freeaddrinfo(list) }
    }

    /// The bytes are where the family says, as long as the length says so too: the list comes from libc.
    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let socket = unsafe entry.ai_addr else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(start: socket, count: Int(entry.ai_addrlen))
        switch unsafe entry.ai_family {
        case AF_INET where bytes.count >= MemoryLayout<sockaddr_in>.size:
            return unsafe IPAddress(bytes: Array(bytes[4..<8]))
        case AF_INET6 where bytes.count >= MemoryLayout<sockaddr_in6>.size:
            return unsafe IPAddress(bytes: Array(bytes[8..<24]))
        default: return nil
        }
    }
}
