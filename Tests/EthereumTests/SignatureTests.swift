import Ethereum
import Testing

/// The topics, selectors and interface ids that the decoders rely on, computed from their signatures.
@Suite struct SignatureTests {
    @Test(
        arguments: [
            ("Transfer(address,address,uint256)", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
            (
                "TransferSingle(address,address,address,uint256,uint256)",
                "c3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62"
            ),
            (
                "TransferBatch(address,address,address,uint256[],uint256[])",
                "4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb"
            ),
            (
                "ConsecutiveTransfer(uint256,uint256,address,address)",
                "deaa91b6123d068f5821d0fb0678463d1a8a6079fe8af5de3ce5e896dcf9133d"
            ),
            ("URI(string,uint256)", "6bb7ff708619ba0610cba295a58592e0451dee2622938c8755667688daf3529b"),
            ("MetadataUpdate(uint256)", "f8e1a15aba9398e019f0b49df1a4fde98ee17ae345cb5f6b5e2c27f5033e8ce7"),
            (
                "BatchMetadataUpdate(uint256,uint256)",
                "6bd5c950a8d8df17f772f5af37cb3655737899cbf903264b9795592da439661c"
            ),
            ("ContractURIUpdated()", "a5d4097edda6d87cb9329af83fb3712ef77eeb13738ffe43cc35a4ce305ad962"),
            ("PermanentURI(string,uint256)", "a109ba539900bf1b633f956d63c96fc89b814c7287f7aa50a9216d0b55657207"),
            ("Locked(uint256)", "032bc66be43dbccb7487781d168eb7bda224628a3b2c3388bdf69b532a3a1611"),
            ("Unlocked(uint256)", "f27b6ce5b2f5e68ddb2fd95a8a909d4ecf1daaac270935fff052feacb24f1842"),
            ("TokenUriPinned(uint256,uint256)", "dafe56f3e547ebb1818fc8353ba53591db2528d41cbb7a35af2d9469f4490533"),
            (
                "ApprovalForAll(address,address,bool)",
                "17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31"
            ),
            ("Approval(address,address,uint256)", "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"),
            ("UpdateUser(uint256,address,uint64)", "4e06b4e7000e659094299b3533b47b6aa8ad048e95e872d23d1f4ee55af89cfe"),
            ("Assign(address,uint256)", "8a0e37b73a0d9c82e205d4d1a3ff3d0b57ce5f4d7bccf6bac03336dc101cb7ba"),
            (
                "PunkTransfer(address,address,uint256)",
                "05af636b70da6819000c49f85b21fa82081c632069bb626f30932034099107d8"
            ),
            (
                "PunkBought(uint256,uint256,address,address)",
                "58e5d5a525e3b40bc15abaa38b5882678db1ee68befd2f60bafe3a7fd06db9e3"
            ),
            (
                "Birth(address,uint256,uint256,uint256,uint256)",
                "0a5311bd2a6608f08a180df2ee7c5946819a649b204b554bb8e39825b2c50ad5"
            ),
            (
                "ERC20Transfer(address,address,uint256)",
                "e59fdd36d0d223c0c7d996db7ad796880f45e1936cb0bb7ac102e7082e031487"
            ),
            (
                "ERC721Transfer(address,address,uint256)",
                "e5f815dc84b8cecdfd4beedfc3f91ab5be7af100eca4e8fb11552b867995394f"
            ),
            (
                "TransferValue(uint256,uint256,uint256)",
                "0b2aac84f3ec956911fd78eae5311062972ff949f38412e8da39069d9f068cc6"
            ),
            (
                "SlotChanged(uint256,uint256,uint256)",
                "e4f48c240d3b994948aa54f3e2f5fca59263dfe1d52b6e4cf39a5d249b5ccb65"
            ),
            ("Upgraded(address)", "bc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"),
        ] as [(String, String)]
    )
    func `topic 0 is the hash of the event's signature`(signature: String, topic: String) throws {
        #expect(ABI.topic(signature) == (try Hash32(hex: topic)))
    }

    @Test(
        arguments: [
            ("ownerOf(uint256)", 0x6352_211e), ("balanceOf(address)", 0x70a0_8231),
            ("balanceOf(address,uint256)", 0x00fd_d58e), ("balanceOfBatch(address[],uint256[])", 0x4e12_73f4),
            ("tokenURI(uint256)", 0xc87b_56dd), ("uri(uint256)", 0x0e89_341c),
            ("supportsInterface(bytes4)", 0x01ff_c9a7),
            ("contractURI()", 0xe8a3_d485), ("totalSupply()", 0x1816_0ddd), ("totalSupply(uint256)", 0xbd85_b039),
            ("name()", 0x06fd_de03), ("symbol()", 0x95d8_9b41), ("punkIndexToAddress(uint256)", 0x5817_8168),
            ("locked(uint256)", 0xb45a_3c0e), ("Error(string)", 0x08c3_79a0),
        ] as [(String, UInt32)]
    )
    func `a selector is the first four bytes of the hash`(signature: String, selector: UInt32) {
        #expect(ABI.selector(signature) == selector)
    }

    @Test(
        arguments: [
            (0x01ff_c9a7, ["supportsInterface(bytes4)"]),
            (
                0x80ac_58cd,
                [
                    "balanceOf(address)", "ownerOf(uint256)", "approve(address,uint256)", "getApproved(uint256)",
                    "setApprovalForAll(address,bool)", "isApprovedForAll(address,address)",
                    "transferFrom(address,address,uint256)", "safeTransferFrom(address,address,uint256)",
                    "safeTransferFrom(address,address,uint256,bytes)",
                ]
            ),
            (0x5b5e_139f, ["name()", "symbol()", "tokenURI(uint256)"]),
            (0x780e_9d63, ["totalSupply()", "tokenOfOwnerByIndex(address,uint256)", "tokenByIndex(uint256)"]),
            (
                0xd9b6_7a26,
                [
                    "safeTransferFrom(address,address,uint256,uint256,bytes)",
                    "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)", "balanceOf(address,uint256)",
                    "balanceOfBatch(address[],uint256[])", "setApprovalForAll(address,bool)",
                    "isApprovedForAll(address,address)",
                ]
            ),
            (0x0e89_341c, ["uri(uint256)"]), (0xb45a_3c0e, ["locked(uint256)"]),
        ] as [(UInt32, [String])]
    )
    func `an interface id is the exclusive or of its selectors`(identifier: UInt32, signatures: [String]) {
        #expect(signatures.reduce(0) { $0 ^ ABI.selector($1) } == identifier)
    }
}
