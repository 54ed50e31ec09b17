// Package member is the pure domain of members: the fields that they have, what a cell of a file means for a
// field, and what a row does to a member.
//
//	headers ──Suggest, CheckMapping──▶ Mapping ──NewPlan──▶ Plan
//	cells ──Plan.Parse──▶ Row{Values, Problems} ──Batch.Merge──▶ Record + Outcome
//
// Every rule of product.md about a single value or a single row is a function of values here, and nowhere else.
// What is wrong with a cell or a row is data (Problem), with a stable code and a sentence in Japanese and
// English; the package has no errors for it, and does no I/O.
package member
