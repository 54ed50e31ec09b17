package uploader

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Access says for how long people stay signed in, and how many requests one caller may make.
type Access struct {
	// SessionIdle is after how long without a request somebody has to sign in again, SessionLifetime in any case.
	SessionIdle     time.Duration `env:"MEIBO_SESSION_IDLE" envDefault:"4h"`
	SessionLifetime time.Duration `env:"MEIBO_SESSION_LIFETIME" envDefault:"24h"`
	// RateLimit is how many requests a second a key or session may make at each uploader, after RateBurst at once.
	RateLimit float64 `env:"MEIBO_RATE_LIMIT" envDefault:"200"`
	RateBurst int     `env:"MEIBO_RATE_BURST" envDefault:"1000"`
	// TrustedProxies are the networks whose X-Forwarded-For is believed, such as 10.0.0.0/8,192.0.2.7.
	TrustedProxies Proxies `env:"MEIBO_TRUSTED_PROXIES"`
}

// DefaultAccess is what an environment without settings says.
var DefaultAccess = Access{SessionIdle: 4 * time.Hour, SessionLifetime: 24 * time.Hour, RateLimit: 200, RateBurst: 1000}

// check refuses what would let nobody in.
func (a *Access) check() error {
	if a.SessionIdle <= 0 || a.SessionLifetime <= 0 {
		return fmt.Errorf("MEIBO_SESSION_IDLE %s and MEIBO_SESSION_LIFETIME %s must be longer than nothing", a.SessionIdle, a.SessionLifetime)
	}
	if a.RateLimit <= 0 || a.RateBurst <= 0 {
		return fmt.Errorf("MEIBO_RATE_LIMIT %g and MEIBO_RATE_BURST %d must be more than nothing", a.RateLimit, a.RateBurst)
	}
	return nil
}

// Proxies are networks.
type Proxies []netip.Prefix

// UnmarshalText reads networks and single addresses with commas between them.
func (p *Proxies) UnmarshalText(text []byte) error {
	*p = nil
	for one := range strings.SplitSeq(string(text), ",") {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(one)
		if err != nil {
			addr, addrErr := netip.ParseAddr(one)
			if addrErr != nil {
				return fmt.Errorf("%q is neither a network such as 10.0.0.0/8 nor an address", one)
			}
			prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		*p = append(*p, prefix.Masked())
	}
	return nil
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// client returns the address that a request comes from: the last one in X-Forwarded-For that is no trusted proxy's, as far
// as trusted proxies have written it. What a stranger writes there is not believed.
func (p Proxies) client(r *http.Request) netip.Addr {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := remote.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusts(client); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		client = hop.Unmap().WithZone("")
	}
	return client
}

// household is the network whose addresses are counted as one: of IPv6, everybody has 64 bits of them.
func household(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// maxThrottled bounds the callers that a throttle remembers.
const maxThrottled = 20_000

// throttle lets each caller make so many requests.
type throttle struct {
	limit rate.Limit
	burst int

	mu  sync.Mutex
	of  map[string]*rate.Limiter
	now func() time.Time
}

func newThrottle(a Access) *throttle {
	return &throttle{limit: rate.Limit(a.RateLimit), burst: a.RateBurst, of: make(map[string]*rate.Limiter), now: time.Now}
}

// take counts a request. It returns after how long there is room for it, where there is none: it does not count then.
func (t *throttle) take(who string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	l := t.of[who]
	if l == nil {
		if len(t.of) >= maxThrottled {
			t.forget(now)
		}
		l = rate.NewLimiter(t.limit, t.burst)
		t.of[who] = l
	}
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// forget drops the callers of whom there is nothing to remember; where there are too many others, all.
func (t *throttle) forget(now time.Time) {
	for who, l := range t.of {
		if l.TokensAt(now) >= float64(t.burst) {
			delete(t.of, who)
		}
	}
	if len(t.of) >= maxThrottled {
		clear(t.of)
	}
}
