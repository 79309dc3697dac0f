#if MUTANTS
    import Glibc

    /// Faults that the tests must notice, one at a time; they exist only in a build made for them.
    ///
    /// Each is a mistake of one line that somebody could make. The comment names the suites that are expected to notice it;
    /// Tests/Mutants/run.py reads it and tries those first.
    package enum Mutant: String, CaseIterable, Sendable {
        // MARK: Decoding and folding

        // HoldingFoldTests
        case placeByBlock, mintCountsTwice, undoForgetsSums, selfTransferCounted
        // TokenStandardsTests
        case batchWithoutOrdinals, rangeOfOne
        // CoverageTests
        case cutKeepsCoverage, gapsAreCovered
        // ChainStateTests
        case firstScopeDecides

        // MARK: The store

        // StoreContract
        case repeatFolded, conflictIgnored, otherHashIgnored
        // StoreContract
        case swapUnchecked, swapByTip, revisionUnchecked, commitIDUnchecked, epochUnchecked, holderUnchecked
        // StoreUndoContract
        case rewindKeepsOwners, undoForgetsOrdinals, undoForgetsRanges, undoForgetsHashes, undoForgetsCounters
        // StoreUndoContract
        case finalUndone
        // selftest
        case rewindInTwo, finishInTwo, migrateInTwo, liveUnsynced

        // MetadataQueueTests
        case lateResultTaken, outageIsFact
        // MetadataNewsTests
        case newsSkipped, signalsOfUndoneKept, signalsTakenTwice, budgetEndless

        // MARK: The engine

        // WindowTests
        case lowerHeadRewinds, oldHeadIsDeep
        // SyncEngineTests
        case rewindForgotten, askedIsCovered, rowsLeftBehind, tailCoversHistory, staleRangeCommitted, depthIsFinal
        // SyncEngineTests
        case rangesUnlinked

        // HoldingCheckTests
        case failedCallIsNobody, unansweredPasses
        // OriginFaultTests
        case newestStateAsked
        // VerifierTests
        case doubtIsConflict, undoneStateRepaired
        // AuditorTests
        case auditInTheWay
        // WalletRefreshTests
        case failedCheckRemoves, countsUncompared, stageForgotten
        // WalletRefreshJobTests
        case lateStepTaken, departuresForgotten

        // MARK: The client

        // LogsTests
        case otherBlocksTaken, otherContractsTaken, anchorReadOnce
        // BlockLogsTests
        case otherForksTaken
        // RPCChainTests
        case missingIsReorg, firstEndpointOnly
        // PaceTests
        case retriesWithoutEnd
        // BreakerTests
        case breakerNeverOpens
        // FailOverTests
        case nobodyProbed, contradictionsForgiven
        // IdentityTests
        case otherChainTrusted, chainCheckedHourly
        // NodeScenarioTests
        case holeIsReorg
        // HeadGateTests
        case silentLeapDoubted
        // HugeBlockScenarioTests
        case receiptsUnordered
        // EvidenceTests
        case bloomUnread, receiptsBelieved, headersUnlinked, selfCorroborated, dataUncompared
        // LeaseTests
        case leaseIgnored, commitRenewsNothing

        /// The one that HOLDFAST_MUTANT names.
        package static let active: Mutant? = {
            // Unsafe: the environment's memory, copied at once; nothing of ours changes the environment.
            guard let name = unsafe getenv("HOLDFAST_MUTANT") else { return nil }
            return unsafe Mutant(rawValue: String(cString: name))
        }()

        package static func `is`(_ mutant: Mutant) -> Bool { active == mutant }
    }
#endif
