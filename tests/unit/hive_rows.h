/*
 * hive's tests of an engine, as scripts (test_harness_hive.c says in which words). What is expected
 * is hive's; where an OP engine answers otherwise the row says so.
 */
#ifndef LS_TESTS_HIVE_ROWS_H
#define LS_TESTS_HIVE_ROWS_H

/* Invalid NewPayload, FIELD: refused, its child too, no head, not readable; and while the parent is
 * unknown nothing is said, but its hash is not believed. */
#define INVALID(field)                                                                          \
    {"Invalid NewPayload, " field ", Syncing=False",                                            \
     "start 104;new 105/" field " INVALID:104;new 106<105/" field " INVALID:104;fcu 105/" field \
     " - - INVALID:104;lacks 105/" field ";is latest 104;new 105 VALID;fcu 105 - - VALID"},     \
    {                                                                                           \
        "Invalid NewPayload, " field ", Syncing=True",                                          \
            "start 100;fcu 104 - - SYNCING;new 105/" field " SYNCING;lacks 105/" field          \
            ";is latest 100"                                                                    \
    }

static const struct row rows[] = {
    /* --- engine-api: bad hashes --- */
    {"Bad Hash on NewPayload, Syncing=False, Sidechain=False",
     "start 104;new 105# INVALID;is latest 104;new 105 VALID"},
    {"Bad Hash on NewPayload, Syncing=True, Sidechain=False",
     "start 100;fcu 104 - - SYNCING;new 105# INVALID"},
    {"Bad Hash on NewPayload, Syncing=False, Sidechain=True",
     "start 104;new x101# INVALID;new x101 VALID"},
    {"Bad Hash on NewPayload, Syncing=True, Sidechain=True",
     "start 100;fcu 104 - - SYNCING;new x103# INVALID"},
    {"ParentHash equals BlockHash on NewPayload, Syncing=False",
     "start 104;new 105= INVALID;is latest 104"},
    {"ParentHash equals BlockHash on NewPayload, Syncing=True",
     "start 100;fcu 104 - - SYNCING;new 105= INVALID"},

    /* --- engine-api: labels --- */
    {"Latest Block after NewPayload", "start 104;new 105 VALID;is latest 104;has 105"},
    {"Latest Block after New HeadBlock", "start 104;new 105 VALID;fcu 105 - - VALID;is latest 105"},
    {"Latest Block after New SafeBlock",
     "start 104;is safe none;fcu 104 103 - VALID;is latest 104;is safe 103"},
    {"Latest Block after New FinalizedBlock",
     "start 104;is finalized none;fcu 104 103 102 VALID;is latest 104;is finalized 102"},
    {"(ours) NewPayload moves neither safe nor finalized",
     "start 104;fcu 104 103 102 VALID;new 105 VALID;is safe 103;is finalized 102"},

    /* --- engine-api: forkchoice states --- */
    {"Inconsistent Head in ForkchoiceState",
     "start 105;new x101 VALID;new x102 VALID;fcu x102 103 100 -38002"},
    {"Inconsistent Safe in ForkchoiceState",
     "start 105;new x101 VALID;new x102 VALID;fcu 105 x102 100 -38002"},
    {"Inconsistent Finalized in ForkchoiceState",
     "start 105;new x101 VALID;new x102 VALID;fcu 105 104 x101 -38002"},
    {"Unknown HeadBlockHash",
     "start 104;fcu ? - - SYNCING;fcu ? 103 102 SYNCING;att 3 ? 2 root SYNCING;is latest 104"},
    {"Unknown SafeBlockHash", "start 104;fcu 104 ? - -38002;is safe none"},
    {"Unknown FinalizedBlockHash", "start 104;fcu 104 103 ? -38002;is finalized none"},
    {"(ours) zero labels leave labels as they are",
     "start 104;fcu 104 103 102 VALID;fcu 104 - - VALID;is safe 103;is finalized 102"},

    /* --- engine-api: payload attributes --- */
    {"Invalid PayloadAttributes, Zero timestamp, Syncing=False",
     "start 14;new 15 VALID;att 3 15 0 root,zero -38005;is latest 14"},
    {"Invalid PayloadAttributes, Zero timestamp in the version of its fork (Canyon)",
     "start 4;new 5 VALID;att 2 5 0 - -38003;is latest 5"},
    {"Invalid PayloadAttributes, Parent timestamp, Syncing=False",
     "start 14;new 15 VALID;att 3 15 0 root -38003;is latest 15"},
    {"Invalid PayloadAttributes, Parent timestamp, Syncing=True",
     "start 14;att 3 16 0 root SYNCING;is latest 14"},
    {"PayloadAttributes on a Syncing Client start no build",
     "start 14;att 3 17 2 root SYNCING;is latest 14"},
    {"Unique Payload ID, Increase Timestamp",
     "start 15;att 3 15 2 root VALID;att 3 15 3 root VALID;unique"},
    {"Unique Payload ID, Modify Random",
     "start 15;att 3 15 2 root VALID;att 3 15 2 root,rand VALID;unique"},
    {"Unique Payload ID, Modify Suggested Fee Recipient",
     "start 15;att 3 15 2 root VALID;att 3 15 2 root,fee VALID;unique"},
    {"Unique Payload ID, Modify Parent Beacon Root",
     "start 15;att 3 15 2 root VALID;att 3 15 2 root2 VALID;unique"},
    {"(ours) equal attributes have one payload id",
     "start 15;att 3 15 2 root VALID;att 3 15 2 root VALID;same"},
    {"ForkchoiceUpdated Version on Payload Request, Early upgrade",
     "start 5;att 3 5 2 root -38005;att 2 5 2 - VALID"},

    /* --- engine-api: payload execution --- */
    {"Re-Execute Payload",
     "start 104;new 105 VALID;fcu 105 - - VALID;new 105 VALID;new 104 VALID;new 103 VALID;"
     "is latest 105"},
    {"In-Order Consecutive Payload Execution",
     "start 101;new 102 VALID;new 103 VALID;new 104 VALID;new 105 VALID;is latest 101;"
     "fcu 105 - - VALID;is latest 105"},
    {"Multiple New Payloads Extending Canonical Chain, FcU to first payload received",
     "start 100;new x101 VALID;new y101 VALID;new 101 VALID;is latest 100;fcu x101 - - VALID;"
     "is latest x101;has y101;has 101"},
    {"Multiple New Payloads Extending Canonical Chain, FcU to canonical",
     "start 100;new x101 VALID;new y101 VALID;new 101 VALID;fcu 101 - - VALID;is latest 101"},
    {"Valid NewPayload->ForkchoiceUpdated on Syncing Client",
     "start 100;fcu 103 - - SYNCING;new 104 SYNCING;fcu 104 - - SYNCING;new 101 VALID;"
     "new 102 VALID;new 103 VALID;new 104 VALID;fcu 104 - - VALID;is latest 104"},
    {"NewPayload with Missing ForkchoiceUpdated",
     "start 100;new 101 VALID;new 102 VALID;new 103 VALID;new 104 VALID;fcu 104 103 102 VALID;"
     "is latest 104;is safe 103"},
    {"Payload Build after New Invalid Payload",
     "start 15;new 16/stateRoot INVALID:15;att 3 15 2 root VALID;get 3 VALID;new 16 VALID"},

    /* --- engine-api: invalid payloads --- */
    {"Invalid NewPayload, ParentHash, Syncing=False",
     "start 104;new 105/parentHash SYNCING;is latest 104;lacks 105/parentHash"},
    INVALID("stateRoot"),
    INVALID("receiptsRoot"),
    INVALID("gasUsed"),
    {"Invalid NewPayload, Timestamp, Syncing=False (op-geth does not remember it)",
     "start 104;new 105/timestamp INVALID:104;new 106<105/timestamp SYNCING;is latest 104;"
     "lacks 105/timestamp"},
    {"Invalid NewPayload, GasLimit (OP: the limit is the system config's, no parent binds it)",
     "start 104;new 105/gasLimit VALID;is latest 104"},
    INVALID("transactions"),
    {"Invalid NewPayload, Number, Syncing=False",
     "start 104;new 105/blockNumber SYNCING;lacks 105/blockNumber;is latest 104"},
    {"Incorrect BlobGasUsed, Non-Zero (OP: the data footprint of Jovian)",
     "start 104;new 105/blobGasUsed INVALID:104;is latest 104"},
    {"Incorrect BlobGasUsed, Non-Zero before Jovian",
     "start 14;new 15/blobGasUsed INVALID:14;is latest 14"},

    /* --- engine-api: invalid ancestors --- */
    {"Invalid Missing Ancestor ReOrg, StateRoot, Invalid P1",
     "start 105;new x101/stateRoot INVALID:100;new x102<x101/stateRoot INVALID:100;"
     "new x103<x102<x101/stateRoot INVALID:100;fcu x103<x102<x101/stateRoot - - INVALID:100;"
     "is latest 105"},
    {"Invalid Missing Ancestor ReOrg, StateRoot, Invalid P3",
     "start 105;new x101 VALID;new x102 VALID;new x103/stateRoot INVALID:x102;"
     "new x104<x103/stateRoot INVALID:x102;fcu x104<x103/stateRoot - - INVALID:x102;"
     "is latest 105;fcu x102 - - VALID;is latest x102"},
    {"Invalid Missing Ancestor Syncing ReOrg, GasUsed",
     "start 100;new 104<103/gasUsed SYNCING;new 101 VALID;new 102 VALID;"
     "new 103/gasUsed INVALID:102;new 104<103/gasUsed INVALID:102;"
     "fcu 104<103/gasUsed - - INVALID:102;is latest 100"},

    /* --- engine-api: re-orgs --- */
    {"Sidechain Reorg",
     "start 105;new x101 VALID;new x102 VALID;is latest 105;fcu x102 - - VALID;is latest x102;"
     "is 0x65 x101;is 0x67 none"},
    {"Re-Org Back into Canonical Chain, Depth=5",
     "start 105;new x101 VALID;new x102 VALID;new x103 VALID;new x104 VALID;new x105 VALID;"
     "fcu x105 - - VALID;is latest x105;fcu 105 - - VALID;is latest 105;is 0x65 101"},
    {"Re-Org Back into Canonical Chain, Depth=10",
     "start 110;new x101 VALID;new x102 VALID;new x103 VALID;new x104 VALID;new x105 VALID;"
     "new x106 VALID;new x107 VALID;new x108 VALID;new x109 VALID;new x110 VALID;"
     "fcu x110 - - VALID;fcu 110 - - VALID;is latest 110;is 0x69 105"},
    {"Re-Org Back into Canonical Chain, Depth=5, Execute Side Payload on Re-Org",
     "start 105;new x101 VALID;new x102 VALID;new x103 VALID;fcu x103 - - VALID;fcu 105 - - VALID;"
     "new x104 VALID;is latest 105;fcu x104 - - VALID;is latest x104"},
    {"Re-Org Back to Canonical Chain From Syncing Chain",
     "start 105;fcu x103 - - SYNCING;new x104 SYNCING;fcu x104 - - SYNCING;fcu 105 - - VALID;"
     "is latest 105;new 106 VALID;fcu 106 - - VALID"},
    {"Re-org to Previously Validated Sidechain Payload",
     "start 105;new x101 VALID;new x102 VALID;new y101 VALID;fcu x102 - - VALID;fcu y101 - - VALID;"
     "fcu x102 - - VALID;is latest x102;att 2 x102 2 - -38005;fcu x101 - - VALID"},
    {"Safe Re-Org to Side Chain",
     "start 105;fcu 105 102 - VALID;new x101 VALID;new x102 VALID;new x103 VALID;"
     "fcu x103 x101 - VALID;is latest x103;is safe x101"},
    {"Safe Re-Org to Side Chain, finalized stays with the chain",
     "start 105;fcu 105 103 102 VALID;new x101 VALID;fcu x101 x101 100 VALID;is finalized 100"},
    {"ForkchoiceUpdated to an Ancestor (op-geth: labels move, the head does not)",
     "start 105;fcu 103 102 101 VALID;is latest 105;is safe 102;is finalized 101"},

    /* --- engine-withdrawals --- */
    {"Withdrawals Fork: NewPayloadV1 with a payload of Shanghai", "start 4;newv 1 5 p -32602"},
    {"Withdrawals Fork: ForkchoiceUpdatedV1 with attributes of Shanghai",
     "start 4;att 1 4 2 - -32602"},
    {"Withdrawals Fork: attributes without withdrawals", "start 4;att 2 4 2 nowd -38003"},
    {"Withdrawals Fork: attributes with withdrawals", "start 4;att 2 4 2 - VALID;get 2 VALID"},
    {"Corrupted Block Hash Payload", "start 4;new 5# INVALID;new 5 VALID"},
    {"Sync after 2 blocks", "start 0;fcu 1 - - SYNCING;new 2 SYNCING;fcu 2 - - SYNCING;peers;"
                            "is latest 2;fcu 2 1 - VALID"},
    {"Sync after 128 blocks", "start 0;fcu 127 - - SYNCING;new 128 SYNCING;fcu 128 - - SYNCING;"
                              "peers;is latest 128;fcu 128 127 120 VALID;is finalized 120"},
    {"Withdrawals Fork, Re-Org, 8 blocks, NewPayload",
     "start 108;new x101 VALID;new x102 VALID;new x103 VALID;new x104 VALID;new x105 VALID;"
     "new x106 VALID;new x107 VALID;new x108 VALID;fcu x108 - - VALID;is latest x108"},
    {"Withdrawals Fork, Re-Org, 8 blocks, Sync",
     "start 108;fcu x107 - - SYNCING;new x108 SYNCING;fcu x108 - - SYNCING;peers;is latest x108"},
    {"GetPayloadBodiesByHash", "start 105;hashes 101,102,103 444"},
    {"GetPayloadBodiesByHash, unknown among them", "start 105;hashes 101,?,103,106 4-4-"},
    {"GetPayloadBodiesByHash, sidechain", "start 105;new x101 VALID;hashes x101,101,x102 44-"},
    {"GetPayloadBodiesByRange", "start 105;range 101 3 444"},
    {"GetPayloadBodiesByRange, past the head",
     "start 105;range 104 10 43;range 106 1 ;range 500 1 "},
    {"GetPayloadBodiesByRange, sidechain is not canonical",
     "start 105;new x101 VALID;new x102 VALID;fcu x102 - - VALID;range 101 5 44"},
    {"GetPayloadBodiesByRange, zero", "start 105;range 0 1 -32602;range 1 0 -32602;"
                                      "range 0 0 -32602"},
    {"GetPayloadBodiesByRange, too many", "start 105;range 1 1025 -38004"},

    /* --- engine-cancun --- */
    {"ForkchoiceUpdatedV3 To Request Shanghai Payload, Null Beacon Root",
     "start 5;att 3 5 2 - -38003"},
    {"ForkchoiceUpdatedV3 To Request Shanghai Payload, Zero Beacon Root",
     "start 5;att 3 5 2 root -38005"},
    {"ForkchoiceUpdatedV2 To Request Shanghai Payload, Non-Null Beacon Root",
     "start 5;att 2 5 2 root -38003"},
    {"ForkchoiceUpdatedV2 To Request Cancun Payload, Null Beacon Root",
     "start 15;att 2 15 2 - -38005"},
    {"ForkchoiceUpdatedV2 To Request Cancun Payload, Zero Beacon Root",
     "start 15;att 2 15 2 root -38003"},
    {"ForkchoiceUpdatedV3 To Request Cancun Payload, Null Beacon Root",
     "start 15;att 3 15 2 - -38003"},
    {"ForkchoiceUpdatedV3 To Request Cancun Payload, Null Withdrawals",
     "start 15;att 3 15 2 root,nowd -38003"},
    {"ForkchoiceUpdatedV3 Modifies Payload ID on Different Beacon Root",
     "start 15;att 3 15 2 root VALID;att 3 15 2 root2 VALID;unique"},
    {"GetPayloadV3 To Request Shanghai Payload", "start 5;att 2 5 2 - VALID;get 3 -38005"},
    {"GetPayloadV2 To Request Cancun Payload", "start 15;att 3 15 2 root VALID;get 2 -38005"},
    {"GetPayloadV3 To Request Cancun Payload", "start 15;att 3 15 2 root VALID;get 3 VALID"},
    {"NewPayloadV3 Before Cancun, Nil Versioned Hashes, Nil Beacon Root",
     "start 4;newv 3 5 nohash -32602;newv 3 5 noroot -32602"},
    {"NewPayloadV3 Before Cancun, Empty Fields", "start 4;newv 3 5 ok -32602"},
    {"NewPayloadV2 After Cancun", "start 14;newv 2 15 p -32602"},
    {"NewPayloadV3 After Cancun, Nil Versioned Hashes", "start 14;newv 3 15 nohash -32602"},
    {"NewPayloadV3 After Cancun, Nil Beacon Root", "start 14;newv 3 15 noroot -32602"},
    {"NewPayloadV3 After Cancun, without further arguments", "start 14;newv 3 15 p -32602"},
    {"NewPayloadV3 After Cancun", "start 14;newv 3 15 ok VALID"},
    {"NewPayloadV3 Versioned Hashes, Non-Empty Hashes (OP: always too many)",
     "start 14;newv 3 15 hash INVALID;is latest 14;newv 3 15 ok VALID"},
    {"NewPayloadV3 Versioned Hashes, Non-Empty Hashes, Syncing",
     "start 12;fcu 14 - - SYNCING;newv 3 15 hash INVALID"},
    {"NewPayloadV3 Versioned Hashes, Empty Hashes, Syncing",
     "start 12;fcu 14 - - SYNCING;newv 3 15 ok SYNCING"},
    {"NewPayloadV3 in Prague", "start 54;newv 3 55 ok -32602"},
    {"NewPayloadV4 before Prague", "start 14;newv 4 15 ok -32602"},

    /* --- engine-exchange-capabilities --- */
    {"Exchange Capabilities - Shanghai",
     "caps engine_forkchoiceUpdatedV1;caps engine_forkchoiceUpdatedV2;caps engine_getPayloadV2;"
     "caps engine_newPayloadV2;caps engine_getPayloadBodiesByHashV1;"
     "caps engine_getPayloadBodiesByRangeV1"},
    {"Exchange Capabilities - Cancun",
     "caps engine_forkchoiceUpdatedV3;caps engine_getPayloadV3;caps engine_newPayloadV3"},
    {"Exchange Capabilities - Prague", "caps engine_getPayloadV4;caps engine_newPayloadV4"},

    /* --- the Optimism acceptance tests that are about the engine alone (mock-engine 6.2) --- */
    {"TestMultiELSync",
     "start 2;new 4 SYNCING;fcu 4 - - SYNCING;new 5 SYNCING;fcu 5 - - SYNCING;new 3 VALID;"
     "new 4 VALID;new 5 VALID;fcu 5 - - VALID;new 8 SYNCING;fcu 8 - - SYNCING;new 9 SYNCING;"
     "fcu 9 - - SYNCING;peers;fcu 9 - - VALID;new 10 VALID;fcu 10 - - VALID;is latest 10"},
    {"TestL2ELP2PCanonicalChainAdvancedByFCU",
     "start 20;new 23 SYNCING;new 24 SYNCING;new 25 SYNCING;is latest 20;new 21 VALID;"
     "new 22 VALID;is latest 20;fcu 22 - - VALID;is latest 22;fcu 30 - - SYNCING;is latest 22;"
     "new 31 SYNCING;fcu 31 - - SYNCING;peers;fcu 31 - - VALID;is latest 31"},
    {"TestELP2PFCUUnavailableHash",
     "start 20;fcu ? - - SYNCING;fcu ? 19 18 SYNCING;fcu 25 - - SYNCING;fcu 25 25 25 SYNCING;"
     "is latest 20;is safe none;is finalized none"},
};

#endif
