// Package uploader is what strangers reach, so the threat model of the whole of Meibo stands here.
//
// # Threat model
//
// What is to be protected: the members of each tenant, who are people that did not choose to be in a file; the files and
// reports that hold the same; the keys and passwords of tenants and of the parts; and that an import does what its file
// says, once.
//
// Who is reckoned with: somebody without a key; a tenant with one, who wants another's members; whoever made a file that an
// honest tenant imports, such as a customer who chose a name; and whoever reads logs, mails and reports later.
//
// Borders of trust, each with what holds it and the test that tries to break it:
//
//   - The API. Each request carries a key, or the cookie of a session, of which the database has the SHA-256 alone, and may
//     what its scope and its user's role of the moment say (TestKeyIsRequired, TestKeyOpensItsOwnTenantOnly,
//     TestEveryOperationHasAScope, TestNobodyManagesWhoMayDoMore). Who becomes an owner leaves behind what an administrator
//     could have in hand. A cookie is believed from our own pages alone, also when signing in
//     (TestCookieIsBelievedFromOurOwnPagesOnly), and signing in gives a new one. Passwords are kept as argon2id, so many at a time
//     (TestFloodOfPasswordsIsTurnedAway); guessing one is slowed down by account and by network, whether the account exists or not
//     (TestAttemptsAreCountedWhoeverAsks). Answers forbid scripts, framing and guessing of types (TestEveryAnswerTellsBrowsersToBeCareful).
//   - Between tenants. Every statement names the tenant, and row-level security is a second wall for what serves people
//     (TestNoRouteReachesAnotherTenant, TestNoMethodReachesAnotherTenant, TestStatementsWithoutWhereSeeOneTenant, TestWithoutATenantNothingIsVisible).
//   - Files. They are data to the end: parsed by code that is fuzzed and bounded in memory, rows, cells, entries and what
//     compression blows up to (TestXLSXRefusesHostileWorkbooks, TestGzipBombIsRefusedEarly,
//     TestCSVMemoryIsBoundedByTheRowLimit). No formula is evaluated and no link followed.
//   - Names of files. Keys of objects are made of ids alone (TestKeysHoldTenantAndImport); in a header a name is quoted and
//     encoded, and stays one line (TestNamesOfFilesStayInTheirHeader, TestNothingIsInjectedIntoAHeader,
//     TestHostileNamesStayOneHarmlessLine).
//   - What goes out. A cell that a spreadsheet would take for a formula is written as text, and read back as it was
//     (TestCorrectedReportMeansWhatTheFileMeant).
//   - Object storage. Who sends parts straight there has a signed address for one part, for a short time
//     (TestSignedPartNeedsNoKeyAndExpires). A report is read through the API.
//   - The parts. The services authenticate to each; no secret is in a log, an answer or an error of the configuration, also
//     while a part is down (TestNoSecretIsInALogOrAnAnswer, TestNoSecretIsInTheLogOfWhatIsDown,
//     TestNoSecretIsInAnErrorOfTheConfiguration).
//   - The services towards the database. They work as a role that owns nothing and changes neither the schema nor the audit log,
//     in which everything stands that people, keys and operators do (TestServicesNeedNoMoreThanTheirRoleAndCannotChangeTheAuditLog,
//     TestEveryOperationThatChangesSomethingIsInTheAuditLog).
//   - Time. What is kept for too long, or is of somebody who is to be erased, goes (TestErasedMemberIsNowhere,
//     TestFailedRowsOfAnErasedMemberAreTakenOut), and nothing goes that an import, its undo or its resumption needs
//     (TestSourceThatIsInUseIsKept, TestJournalGoesWhenNobodyCanUndoByIt).
//
// What is not defended:
//
//   - An operator with access to the database, the object storage or the environment reads everything. Members are not
//     encrypted beyond what the disks and the connections do; TLS in front of the API is the operator's.
//   - The splitter and the merger are not bound by row-level security, as PostgreSQL refuses COPY under it: a mistake in one
//     of their statements has one wall before it, not two.
//   - Whoever knows an address can keep its user from signing in, for up to 15 minutes after each attempt; sessions and keys
//     go on. An attempt that fails is counted, and not in the audit log.
//   - Without a login of their own, the services log in as the owner of the database and step down: who could run any SQL
//     there could step up again.
//   - A key of scope admin that belongs to nobody manages as an administrator, and outlives whoever made it.
//   - Dead letters hold rows as they came, for 30 days, where the queue keeps them; erasing a member does not look into them.
//   - A tenant's own key may do what it is for: whoever steals it imports, and reads that tenant's members, until it is
//     revoked. Consent can be overruled by keys that were made for that.
//   - Floods of requests beyond what limits allow are for a proxy in front. A tenant can be slow for itself.
//   - A name or a note is shown as it is: nobody checks whether it lies.
//   - Known vulnerabilities of libraries are looked up by `make vuln`, where its database can be reached, and by nothing else.
package uploader
