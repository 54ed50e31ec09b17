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
//   - The API. Each request carries a key, of which the database has the SHA-256 alone (TestKeyIsRequired,
//     TestKeyOpensItsOwnTenantOnly). Answers forbid scripts, framing and guessing of types (TestEveryAnswerTellsBrowsersToBeCareful).
//   - Between tenants. Every statement names the tenant, and row-level security is a second wall for what serves people
//     (TestNoMethodReachesAnotherTenant, TestStatementsWithoutWhereSeeOneTenant, TestWithoutATenantNothingIsVisible).
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
//
// What is not defended:
//
//   - An operator with access to the database, the object storage or the environment reads everything. Members are not
//     encrypted beyond what the disks and the connections do; TLS in front of the API is the operator's.
//   - The splitter and the merger are not bound by row-level security, as PostgreSQL refuses COPY under it: a mistake in one
//     of their statements has one wall before it, not two.
//   - A tenant's own key may do what it is for: whoever steals it imports, and reads that tenant's members, until it is
//     revoked. Consent can be overruled by keys that were made for that.
//   - Floods of requests beyond what limits allow are for a proxy in front. A tenant can be slow for itself.
//   - A name or a note is shown as it is: nobody checks whether it lies.
//   - Known vulnerabilities of libraries are looked up by `make vuln`, where its database can be reached, and by nothing else.
package uploader
