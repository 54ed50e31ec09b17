package uploader

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"
	"golang.org/x/text/language"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/heartbeat"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/password"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/relay"
	"github.com/meibo/meibo/services/uploader/console"
)

// server is the API's behaviour. It keeps nothing between requests.
type server struct {
	db    *postgres.DB
	queue *queue.Queue
	blobs *blob.Store
	relay *relay.Relay
	log   *zap.Logger

	schema    *member.Schema
	languages language.Matcher
	router    http.Handler
	api       huma.API
	// operations counts those in the document.
	operations int
	// document is the OpenAPI document as it is served.
	document []byte
	// completions are the uploads by parts that are being put together.
	completions *singleflight.Group
	// spools bounds the parts that are on disk, for want of a digest.
	spools chan struct{}
	// public is how people reach the API; access is what they may, as long as it goes by settings.
	public *url.URL
	access Access
	// needs is what each operation needs, by method and path.
	needs       map[string]permission
	throttle    *throttle
	crossOrigin *http.CrossOriginProtection
	hasher      *password.Hasher
	console     *console.Console
	// heart tells of this process; nil in tests.
	heart *heartbeat.Heart
	// moves are what was seen of the imports that are under way.
	moves *moves
	// stopping is closed by stop; streams that would never end then do.
	stopping chan struct{}
	stop     func()
}

func newServer(publicURL string, db *postgres.DB, q *queue.Queue, blobs *blob.Store, r *relay.Relay, log *zap.Logger) (*server, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("MEIBO_PUBLIC_URL %q is not an address such as https://meibo.example.com", publicURL)
	}
	s := &server{
		db: db, queue: q, blobs: blobs, relay: r, log: log, schema: member.Standard(),
		languages: language.NewMatcher(spoken), stopping: make(chan struct{}),
		completions: new(singleflight.Group), spools: make(chan struct{}, maxSpools),
		public: u, access: DefaultAccess, throttle: newThrottle(DefaultAccess), crossOrigin: http.NewCrossOriginProtection(), hasher: password.NewHasher(), moves: newMoves(),
	}
	if err := s.crossOrigin.AddTrustedOrigin(s.origin()); err != nil {
		return nil, fmt.Errorf("MEIBO_PUBLIC_URL %q: %w", publicURL, err)
	}
	if s.console, err = console.New(blobs.PublicOrigin()); err != nil {
		return nil, err
	}
	s.stop = sync.OnceFunc(func() { close(s.stopping) })
	s.router = s.routes(publicURL)
	if s.document, err = json.Marshal(s.api.OpenAPI()); err != nil {
		return nil, fmt.Errorf("write OpenAPI document: %w", err)
	}
	return s, nil
}

// Document returns the OpenAPI document that a server at publicURL serves at /openapi.json. It needs none of a server's
// parts.
func Document(publicURL string) ([]byte, error) {
	s, err := newServer(publicURL, nil, nil, nil, nil, zap.NewNop())
	if err != nil {
		return nil, err
	}
	return s.document, nil
}

// limit replaces what newServer lets callers do.
func (s *server) limit(a Access) error {
	if err := a.check(); err != nil {
		return err
	}
	s.access, s.throttle = a, newThrottle(a)
	return nil
}

// origin is that of our own pages (RFC 6454).
func (s *server) origin() string { return s.public.Scheme + "://" + s.public.Host }

// encrypted tells whether people reach us by https.
func (s *server) encrypted() bool { return s.public.Scheme == "https" }

// routes is every route. What is plain is a stream, which huma would hold in memory; describe puts it into the
// OpenAPI document beside the others.
func (s *server) routes(publicURL string) http.Handler {
	root := chi.NewRouter()
	root.Use(s.observe, s.secure)
	root.NotFound(s.notFound)
	root.MethodNotAllowed(s.methodNotAllowed)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		root.Method(method, "/docs", newDocsPage())
		root.Method(method, "/openapi.json", http.HandlerFunc(s.serveDocument))
	}

	s.needs = make(map[string]permission)
	r := root.With(s.authenticate, s.authorize)
	s.api = humachi.New(r, s.apiConfig(publicURL))
	register(s, docCreateImport(), s.createImport)
	register(s, docListImports(), s.listImports)
	register(s, docReadImport(), s.readImport)
	r.Put(s.describe(docPutSource()), s.putSource)
	register(s, docBeginParts(), s.beginParts)
	register(s, docListParts(), s.listParts)
	r.Put(s.describe(s.docPutPart()), s.putPart)
	register(s, docSignParts(), s.signParts)
	register(s, docCompleteParts(), s.completeParts)
	register(s, docAbortParts(), s.abortParts)
	register(s, docReadInspection(), s.readInspection)
	register(s, docStartImport(), s.startImport)
	register(s, docCancelImport(), s.cancelImport)
	register(s, docPauseImport(), s.pauseImport)
	register(s, docResumeImport(), s.resumeImport)
	register(s, s.docRetryImport(), s.retryImport)
	register(s, docUndoImport(), s.undoImport)
	register(s, docReadUndo(), s.readUndo)
	register(s, docReadKept(), s.readKept)
	r.Get(s.describe(docStreamEvents()), s.streamEvents)
	register(s, docReadPreview(), s.readPreview)
	register(s, docReadPace(), s.readPace)
	register(s, docReadTimeline(), s.readTimeline)
	register(s, docReadFailures(), s.readFailures)
	r.Get(s.describe(docFailuresCSV()), s.failuresCSV)
	r.Get(s.describe(docFailuresXLSX()), s.failuresXLSX)
	register(s, docListMembers(), s.listMembers)
	register(s, docCreateMember(), s.createMember)
	register(s, docReadMember(), s.readMember)
	register(s, docMemberHistory(), s.memberHistory)
	register(s, docUpdateMember(), s.updateMember)
	register(s, docDeleteMember(), s.deleteMember)
	register(s, docBlockMember(), s.blockMember)
	register(s, docUnblockMember(), s.unblockMember)
	register(s, docSeeMember(), s.seeMember)
	register(s, docEraseMember(), s.eraseMember)
	register(s, docReadErasure(), s.readErasure)
	register(s, docListFields(), s.listFields)
	register(s, docCreateField(), s.createField)
	register(s, docReadField(), s.readField)
	register(s, docChangeField(), s.changeField)
	register(s, docRetireField(), s.retireField)
	register(s, docListLists(), s.listLists)
	register(s, docCreateList(), s.createList)
	register(s, docReadList(), s.readList)
	register(s, docChangeList(), s.changeList)
	register(s, docDeleteList(), s.deleteList)
	register(s, docListProfiles(), s.listProfiles)
	register(s, docCreateProfile(), s.createProfile)
	register(s, docReadProfile(), s.readProfile)
	register(s, docPutProfile(), s.putProfile)
	register(s, docDeleteProfile(), s.deleteProfile)
	s.describe(docTemplateCSV())
	s.describe(docTemplateXLSX())
	r.Get(templatePath, s.template)
	register(s, docListAudit(), s.listAudit)
	register(s, docReadRetention(), s.readRetention)
	register(s, docChangeRetention(), s.changeRetention)
	register(s, docReadOperations(), s.readOperations)
	register(s, docReadSettings(), s.readSettings)
	register(s, docChangeSettings(), s.changeSettings)
	register(s, docListCodes(), s.listCodes)
	register(s, docReadMe(), s.readMe)
	register(s, docSignIn(), s.signIn)
	register(s, docReadSession(), s.readSession)
	register(s, docSignOut(), s.signOut)
	register(s, docListSessions(), s.listSessions)
	register(s, docEndSession(), s.endSession)
	register(s, docChangePassword(), s.changePassword)
	register(s, docRedeemToken(), s.redeemToken)
	register(s, docListUsers(), s.listUsers)
	register(s, docCreateUser(), s.createUser)
	register(s, docReadUser(), s.readUser)
	register(s, docChangeUser(), s.changeUser)
	register(s, docDeleteUser(), s.deleteUser)
	register(s, docInviteUser(), s.inviteUser)
	register(s, docListKeys(), s.listKeys)
	register(s, docCreateKey(), s.createKey)
	register(s, docRevokeKey(), s.revokeKey)
	s.finishDocument()
	return root
}

// secure sets what browsers are to keep to. Pages loosen the policy as far as they need. No other origin is let in: there is
// no CORS.
func (s *server) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
		if s.encrypted() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// notFound answers what no route does: the console where a browser asks for a page, whose address the console knows, and
// for what its pages are made of.
func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && !strings.HasPrefix(r.URL.Path, "/v1/") {
		if s.console.ServeAsset(w, r) {
			return
		}
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			s.console.ServePage(w, r)
			return
		}
	}
	s.fail(w, r, refuse(http.StatusNotFound, codeNotFound))
}

func (s *server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, refuse(http.StatusMethodNotAllowed, codeMethod))
}

func (s *server) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(s.document) // A caller who is gone needs no answer.
}
