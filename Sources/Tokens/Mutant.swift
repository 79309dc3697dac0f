#if MUTANTS
    import Glibc

    /// Faults that the tests must notice, one at a time; they exist only in a build made for them.
    package enum Mutant: String, CaseIterable, Sendable {
        case placeByBlock, undoForgetsSums, mintCountsTwice, cutKeepsCoverage, gapsAreCovered, repeatFolded
        case conflictIgnored, otherHashIgnored, swapUnchecked, rewindKeepsOwners, lowerHeadRewinds, rewindForgotten

        /// The one that HOLDFAST_MUTANT names.
        package static let active: Mutant? = {
            // Unsafe: the environment's memory, copied at once; nothing of ours changes the environment.
            guard let name = unsafe getenv("HOLDFAST_MUTANT") else { return nil }
            return unsafe Mutant(rawValue: String(cString: name))
        }()

        package static func `is`(_ mutant: Mutant) -> Bool { active == mutant }
    }
#endif
