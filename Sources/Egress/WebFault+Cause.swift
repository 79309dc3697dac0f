/// The one place where the HTTP library's errors become ours.
import Metadata
import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOHTTPCompression

extension WebFault {
    /// What an error of the library means; only its short names are kept: no URL, no header.
    enum Cause {
        case fault(WebFault)
        /// No connection came about.
        case notConnected(String)

        init(_ error: any Error) {
            switch error {
            case is CancellationError: self = .fault(.cancelled)
            case let error as HTTPClientError: self.init(error)
            case let error as WireFault: self = .fault(Self.fault(error))
            case HTTPParserError.headerOverflow: self = .fault(.tooLarge)
            case is HTTPParserError: self = .fault(.unreachable("not HTTP"))
            case NIOHTTPDecompression.DecompressionError.limit: self = .fault(.tooLarge)
            case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
                self = .fault(.unreachable("a broken content encoding"))
            case let error as IOError:
                let text = "errno \(error.errnoCode)"
                self = Self.noConnection.contains(error.errnoCode) ? .notConnected(text) : .fault(.unreachable(text))
            case is ChannelError: self = .fault(.unreachable("channel"))
            default: self = .fault(.unreachable("\(type(of: error))"))
            }
        }

        private static let noConnection: Set<CInt> = [
            ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, EADDRNOTAVAIL, EACCES, EAFNOSUPPORT,
        ]

        private init(_ error: HTTPClientError) {
            switch error {
            case .cancelled, .requestStreamCancelled: self = .fault(.cancelled)
            case .deadlineExceeded, .readTimeout, .writeTimeout: self = .fault(.timedOut)
            case .connectTimeout: self = .notConnected(error.shortDescription)
            default: self = .fault(.unreachable(error.shortDescription))
            }
        }

        private static func fault(_ fault: WireFault) -> WebFault {
            switch fault {
            case .headTooLarge, .wireTooLarge: .tooLarge
            case .tooManyInformational: .refused("too many informational answers")
            case .wrongAddress: .refused("connected to another address than the one that was checked")
            }
        }
    }
}
