package uploader

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
)

func TestHistoryOfAMemberShowsValuesAsTheMemberDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owner()
	member := want[struct{ ID int64 }](w, http.StatusCreated, w.post("/v1/members", `{"member_sn":"A1","name":"青木","birthday":"1990-04-01"}`))
	id := w.running(1)
	w.merge(id, 0, 0, []int64{7}, []string{"A1", "青木 一", "090-1234-5678"})
	want[importView](w, http.StatusOK, w.post("/v1/imports/"+id+"/cancel", ""))
	path := fmt.Sprintf("/v1/members/%d", member.ID)
	if a := w.call(http.MethodDelete, path, nil); a.status != http.StatusNoContent {
		t.Fatalf("delete: %d %s", a.status, a.body)
	}
	type page struct {
		Items      []happeningView
		NextCursor string `json:"next_cursor"`
	}
	first := want[page](w, http.StatusOK, w.get(path+"/history?limit=2"))
	rest := want[page](w, http.StatusOK, w.get(path+"/history?limit=2&cursor="+first.NextCursor))
	if len(first.Items) != 2 || len(rest.Items) != 1 || rest.NextCursor != "" {
		t.Fatalf("pages %+v and %+v, want three happenings", first, rest)
	}
	gone, changed, made := first.Items[0], first.Items[1], rest.Items[0]
	if gone.Act != "deleted" || gone.Import != nil || gone.Actor != "Hanako" || gone.Values {
		t.Errorf("deleted: %+v", gone)
	}
	changes := []valueChange{{Field: "phone", After: "+819012345678"}, {Field: "name", Before: "青木", After: "青木 一"}}
	if changed.Act != "updated" || changed.Import == nil || *changed.Import != (importName{id, "members.csv"}) || changed.Row == nil || *changed.Row != 7 || !changed.Values || !reflect.DeepEqual(changed.Changes, changes) {
		t.Errorf("updated: %+v", changed)
	}
	if made.Act != "created" || made.Import != nil || made.Row != nil || made.Values || len(made.Changes) != 3 || made.Changes[2].Field != "birthday" || made.Changes[2].After != nil {
		t.Errorf("created: %+v", made)
	}
	wantProblem(w, http.StatusUnprocessableEntity, codeOption, w.get(path+"/history?cursor=x"))
	want[erasureView](w, http.StatusAccepted, w.post(path+"/erase", ""))
	wantProblem(w, http.StatusNotFound, codeNotFound, w.get(path+"/history"))
}
