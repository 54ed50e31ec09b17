package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// failedSoFar returns how often rows of the lane's earlier chunks have failed with each code.
func (m *merging) failedSoFar() (map[string]int64, error) {
	rows, err := m.tx.Query(m.ctx, `select code, sum(rows)::bigint from import_problem_count where tenant_id = $1 and import_id = $2 and lane = $3 group by code`,
		m.tenant, m.work.Import.ID, m.work.Lane)
	if err != nil {
		return nil, err
	}
	sofar := map[string]int64{}
	var code string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&code, &n}, func() error { sofar[code] = n; return nil })
	return sofar, err
}

// examples are the failed rows beyond the lane's sample that are among its first with a code, so that each code has
// examples, however late it comes: ProblemExamples of each at most. sofar is what failedSoFar returned.
func (m *merging) examples(failed []member.Row, sofar map[string]int64) (examples []*member.Row) {
	sampled := int(max(0, sampleRows-m.before.Failed))
	for i := range failed {
		first := false
		for code := range codesOf(&failed[i]) {
			sofar[string(code)]++
			first = first || sofar[string(code)] <= ProblemExamples
		}
		if first && i >= sampled {
			examples = append(examples, &failed[i])
		}
	}
	return examples
}

// keepExamples stores the examples, before the failed rows are counted. A database that is not migrated yet keeps none.
func (m *merging) keepExamples(failed []member.Row) error {
	if len(failed) == 0 {
		return nil
	}
	sofar, err := m.failedSoFar()
	if err != nil {
		return err
	}
	examples := m.examples(failed, sofar)
	if len(examples) == 0 {
		return nil
	}
	return ifMigrated(m.ctx, m.tx, func(tx pgx.Tx) error {
		var b pgx.Batch
		for _, r := range examples {
			b.Queue(`insert into import_problem (tenant_id, import_id, lane, row_number, problems, cells, extra) values ($1, $2, $3, $4, $5, $6, true)
				on conflict do nothing`, m.tenant, m.work.Import.ID, m.work.Lane, r.Number, storableProblems(r.Problems), boundCells(r.Cells))
		}
		return tx.SendBatch(m.ctx, &b).Close()
	})
}

// codesOf are the codes of a row's problems, each once.
func codesOf(r *member.Row) map[member.Code]struct{} {
	codes := make(map[member.Code]struct{}, len(r.Problems))
	for _, p := range r.Problems {
		codes[p.Code] = struct{}{}
	}
	return codes
}
