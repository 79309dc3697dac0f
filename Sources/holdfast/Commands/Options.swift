import ArgumentParser

/// `holdfast options --markdown`: the option table as docs/options.md; for whoever changes an option.
struct Options: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print every option.", shouldDisplay: false)

    @Flag(name: .customLong("markdown"), help: "As docs/options.md.")
    var markdown = false

    func run() {
        if markdown { return print(OptionTable.markdown, terminator: "") }
        for row in OptionTable.all { print("--\(row.name)  \(row.help)") }
    }
}
