package uploader

import (
	"errors"
	"net/http"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
)

// TestUndoIsAskedForAndTold follows an undo from its refusals to its end.
func TestUndoIsAskedForAndTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	path := "/v1/imports/" + id
	w.merge(id, 0, 0, []int64{2, 3}, []string{"A1", "青木", ""}, []string{"A2", "井上", ""})
	wantProblem(w, http.StatusConflict, codeUndoNotEnded, w.post(path+"/undo", ``))
	wantProblem(w, http.StatusNotFound, codeNoUndo, w.get(path+"/undo"))
	want[importView](w, http.StatusOK, w.post(path+"/cancel", ``))
	job := w.job(id)
	finish := func() {
		for left := true; left; {
			var err error
			if left, err = w.db.UndoStep(w.Context(), job.Tenant, job); errors.Is(err, postgres.ErrStopped) {
				return
			}
			w.must(err)
		}
	}
	want[undoBody](w, http.StatusAccepted, w.post(path+"/undo", `{"dry_run":true}`))
	finish()
	told := want[undoBody](w, http.StatusOK, w.get(path+"/undo?dry_run=true"))
	if told.State != imports.UndoDone || told.Removed != 2 || !told.DryRun || w.state(id) != imports.StateCancelled {
		t.Errorf("the dry run tells %+v, and the import is %s", told, w.state(id))
	}
	asked := want[undoBody](w, http.StatusAccepted, w.post(path+"/undo", ``))
	again := want[undoBody](w, http.StatusAccepted, w.post(path+"/undo", `{}`))
	if asked.State != imports.UndoRunning || !again.RequestedAt.Equal(asked.RequestedAt) {
		t.Errorf("asked for, the undo is %+v, and again %+v", asked, again)
	}
	wantProblem(w, http.StatusConflict, codeUndoing, w.post(path+"/cancel", ``))
	finish()
	shown := want[importView](w, http.StatusOK, w.get(path))
	if shown.State != imports.StateUndone || shown.Undo == nil || shown.Undo.State != imports.UndoDone || shown.Undo.Done != 2 || shown.Created != 2 {
		t.Errorf("the import is shown as %+v with %+v", shown, shown.Undo)
	}
	kept := want[struct{ Items []keptView }](w, http.StatusOK, w.get(path+"/undo/kept"))
	if kept.Items == nil || len(kept.Items) > 0 {
		t.Errorf("kept are %+v", kept.Items)
	}
	wantProblem(w, http.StatusConflict, codeUndone, w.post(path+"/undo", ``))
	wantProblem(w, http.StatusConflict, codeUndone, w.post(path+"/retry", ``))
}
