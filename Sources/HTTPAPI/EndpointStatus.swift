/// What may be shown of one endpoint: plain values, already without secrets, from whoever runs the chain client.
package import Ethereum

package struct EndpointStatus: Sendable {
    /// Unique within its chain.
    package var label: String
    package var `operator`: String?
    package var head: BlockNumber?
    /// By class of methods: `closed`, `open` or `halfOpen`.
    package var breakers: [Named<String>] = []
    /// Put away for wrong data.
    package var isQuarantined = false
    /// The error class for which it is put away otherwise; nil: it is not.
    package var parkedFor: String?
    package var inFlight: UInt64 = 0
    /// What was learnt of its limits.
    package var limits: [Named<UInt64>] = []
    package var traffic: [Traffic] = []

    package struct Named<Value: Sendable>: Sendable {
        package var name: String
        package var value: Value

        package init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// One method's part, since the process started.
    package struct Traffic: Sendable {
        package var method: String
        /// The class of its breaker.
        package var methodClass: String
        /// Bodies sent; a batch is one.
        package var requests: UInt64 = 0
        /// Bodies answered usably.
        package var successes: UInt64 = 0
        package var retries: UInt64 = 0
        /// By error class: `E1` to `E15`.
        package var faults: [Named<UInt64>] = []

        package init(method: String, methodClass: String) {
            self.method = method
            self.methodClass = methodClass
        }
    }

    package init(label: String, operator: String? = nil, head: BlockNumber? = nil) {
        self.label = label
        self.operator = `operator`
        self.head = head
    }
}

extension EndpointStatus {
    static func write(_ endpoint: EndpointStatus, _ json: inout JSONWriter) {
        json.field("endpoint", endpoint.label)
        json.field("operator", endpoint.operator)
        json.field("head", endpoint.head)
        json.field("breakers", each: endpoint.breakers) { json, breaker in
            json.object {
                $0.field("class", breaker.name)
                $0.field("state", breaker.value)
            }
        }
        json.field("quarantined", endpoint.isQuarantined)
        json.field("parkedFor", endpoint.parkedFor)
        json.field("limits", each: endpoint.limits) { json, limit in
            json.object {
                $0.field("name", limit.name)
                $0.field("value", limit.value)
            }
        }
        json.field("methods", each: endpoint.traffic) { json, traffic in
            json.object { json in
                json.field("method", traffic.method)
                json.field("class", traffic.methodClass)
                json.field("requests", traffic.requests)
                json.field("successes", traffic.successes)
                json.field("retries", traffic.retries)
                json.field("faults", each: traffic.faults) { json, fault in
                    json.object {
                        $0.field("class", fault.name)
                        $0.field("count", fault.value)
                    }
                }
            }
        }
    }
}
