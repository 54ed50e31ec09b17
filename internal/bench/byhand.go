package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sample"
)

// byHand loads the files with psql into a database of its own, in so many sessions.
func byHand(ctx context.Context, server string, f files, sessions, round int, t *table) error {
	way := fmt.Sprintf("psql ×%d", sessions)
	name := fmt.Sprintf("byhand_%d_%d", sessions, round+1)
	db, err := freshDatabase(ctx, server, name)
	if err != nil {
		return err
	}
	first, second := []string{f.first}, []string{f.second}
	if sessions == 2 {
		first, second = f.firstHalf[:], f.secondHalf[:]
	}
	for _, p := range []struct {
		phase string
		files []string
	}{{fresh, first}, {update, second}, {unchanged, second}} {
		if err := psql(ctx, db, "checkpoint"); err != nil {
			return err
		}
		start := time.Now()
		errs := make([]error, len(p.files))
		var wg sync.WaitGroup
		for n, file := range p.files {
			wg.Go(func() { errs[n] = psql(ctx, db, script(file)...) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		t.add(way, p.phase, time.Since(start))
	}
	return psql(ctx, server, "drop database "+name+" with (force)")
}

// freshDatabase makes a database with Meibo's schema and returns its address.
func freshDatabase(ctx context.Context, server, name string) (string, error) {
	if err := psql(ctx, server, "create database "+name); err != nil {
		return "", err
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	db, err := postgres.Open(ctx, postgres.Config{URL: u.String(), MaxConns: 2})
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return "", err
	}
	return u.String(), psql(ctx, u.String(), "create sequence member_id cache 1000")
}

// script is what a careful DBA writes: typed columns in a temporary table, one set-based statement, an empty cell
// changes nothing.
func script(file string) []string {
	columns := sample.Columns()
	var define, selected, updates []string
	for _, c := range columns {
		kind, value := "text", "i."+c
		switch c {
		case "sex":
			kind = "smallint"
		case "birthday", "register_date":
			kind = "date"
		case "is_active", "is_subscriber", "is_subscriber_sms", "is_subscriber_line":
			kind, value = "boolean", "coalesce(i."+c+", true)"
		case "tags":
			value = "string_to_array(i.tags, ',')"
		}
		define, selected = append(define, c+" "+kind), append(selected, value)
		if c != "member_sn" {
			updates = append(updates, c+" = coalesce(excluded."+c+", member."+c+")")
		}
	}
	list := strings.Join(columns, ", ")
	return []string{
		"create temporary table incoming (" + strings.Join(define, ", ") + ")",
		`\copy incoming (` + list + `) from '` + file + `' with (format csv, header true)`,
		"insert into member (tenant_id, list_id, id, created_at, updated_at, last_seen_at, " + list + ")" +
			" select 1, 1, nextval('member_id'), now(), now(), now(), " + strings.Join(selected, ", ") + " from incoming i" +
			" on conflict (tenant_id, list_id, member_sn) where member_sn is not null" +
			" do update set updated_at = excluded.updated_at, version = member.version + 1, " + strings.Join(updates, ", "),
	}
}

// psql runs commands in one session.
func psql(ctx context.Context, address string, commands ...string) error {
	args := []string{"-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address}
	for _, c := range commands {
		args = append(args, "-c", c)
	}
	cmd := exec.CommandContext(ctx, "psql", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, stderr.String())
	}
	return nil
}
