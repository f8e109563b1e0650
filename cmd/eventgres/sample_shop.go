package main

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// A shop is a simulation of a small web shop's first quarter of 2026. What is to
// happen stands in an agenda; whatever happens emits events and puts what follows from
// it into the agenda. The same number of events asked for gives the same events.
//
//	order-…     OrderStarted ItemAdded… OrderPlaced OrderConfirmed … OrderCompleted
//	payment-…   PaymentRequested PaymentAuthorized PaymentCaptured
//	shipment-…  ShipmentPacked ShipmentDispatched ShipmentDelivered
//	customer-…  CustomerRegistered …
//
// and what goes wrong: OrderAbandoned, PaymentDeclined, OrderCancelled, OrderReturned …
type shop struct {
	random *rand.Rand
	agenda agenda
	now    time.Time
	gap    time.Duration // mean, from one visit to the next, of the hours people are up
	up     time.Duration // those hours until now
	emit   func(line)

	customers []*customer // the latest, for them to come again
	orders    int
	people    int
}

const (
	// perVisit is the mean number of events that follow from a visit, found by running
	// the simulation. It settles how busy a shop with so many events in a quarter is.
	perVisit = 12.2
	// knownCustomers bounds what the simulation remembers.
	knownCustomers = 1000
)

// People visit the shop from 7 o'clock to midnight, on all days of the quarter.
const (
	upFrom  = 7 * time.Hour
	upHours = 24*time.Hour - upFrom
	days    = 31 + 28 + 31
)

var newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// shopLog makes n events, in bounded memory however many they are.
func shopLog(n int) iter.Seq[line] {
	return func(yield func(line) bool) {
		left := n
		s := &shop{random: rand.New(rand.NewPCG(2026, 1)), now: newYear}
		s.gap = time.Duration(float64(days*upHours) * perVisit / float64(max(n, sampleEvents)))
		s.emit = func(e line) {
			if left > 0 {
				left--
				if !yield(e) {
					left = 0
				}
			}
		}
		s.after(upFrom, s.visit)
		for left > 0 {
			next := heap.Pop(&s.agenda).(entry)
			s.now = next.at
			next.do()
		}
	}
}

// entry is something that is to happen.
type entry struct {
	at     time.Time
	number int // settles the order at the same time
	do     func()
}

// agenda is a heap, the earliest entry first.
type agenda struct {
	entries []entry
	added   int
}

func (a *agenda) Len() int { return len(a.entries) }
func (a *agenda) Less(i, j int) bool {
	x, y := &a.entries[i], &a.entries[j]
	return x.at.Before(y.at) || x.at.Equal(y.at) && x.number < y.number
}
func (a *agenda) Swap(i, j int) { a.entries[i], a.entries[j] = a.entries[j], a.entries[i] }
func (a *agenda) Push(x any)    { a.entries = append(a.entries, x.(entry)) }
func (a *agenda) Pop() any {
	last := len(a.entries) - 1
	x := a.entries[last]
	a.entries[last] = entry{}
	a.entries = a.entries[:last]
	return x
}

func (s *shop) after(d time.Duration, do func()) {
	s.agenda.added++
	heap.Push(&s.agenda, entry{s.now.Add(d.Truncate(time.Millisecond)), s.agenda.added, do})
}

// between is a random duration.
func (s *shop) between(low, high time.Duration) time.Duration {
	return low + time.Duration(s.random.Int64N(int64(high-low)))
}

func (s *shop) chance(percent int) bool { return s.random.IntN(100) < percent }

func pick[T any](s *shop, list []T) T { return list[s.random.IntN(len(list))] }

// A subject is what a stream is about.
type subject struct {
	stream  string
	version int
}

// A story is what the events that follow from one order, or one customer, share.
type story struct {
	id   string
	tags []string
	last string // the event that was the latest to happen: the cause of the next
}

func (s *shop) story(tags ...string) *story {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(s.random.UintN(256))
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4
	return &story{id: id.String(), tags: tags}
}

// tell emits an event. The fields are the payload's, keys and values in turn.
func (s *shop) tell(st *story, of *subject, user, what string, fields ...any) {
	fields = append(fields, "occurred_at", s.now.Format("2006-01-02T15:04:05.000Z"))
	metadata := []any{"correlation_id", st.id}
	if st.last != "" {
		metadata = append(metadata, "causation", st.last)
	}
	metadata = append(metadata, "user", user)
	st.last = fmt.Sprintf("%s@%d", of.stream, of.version)
	of.version++
	s.emit(line{Stream: of.stream, Type: what, Payload: object(fields), Metadata: object(metadata), Tags: st.tags})
}

// object is JSON with its keys in the order given.
func object(fields []any) json.RawMessage {
	out := []byte{'{'}
	for i := 0; i < len(fields); i += 2 {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, fields[i].(string)), ':')
		value, err := json.Marshal(fields[i+1])
		if err != nil {
			panic(err) // a mistake in this file
		}
		out = append(out, value...)
	}
	return append(out, '}')
}

// money is an amount in hundredths.
type money int64

// MarshalJSON writes 12.50, with both decimals.
func (m money) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%d.%02d", m/100, m%100), nil }

type customer struct {
	subject
	name, city string
	market     *market
}

// visit is somebody beginning an order; the next visit follows.
func (s *shop) visit() {
	s.up += s.between(s.gap/2, s.gap*3/2)
	next := newYear.Add(s.up/upHours*24*time.Hour + upFrom + s.up%upHours)
	s.after(next.Sub(s.now), s.visit)
	if n := len(s.customers); n > 0 && s.chance(45) {
		c := s.customers[s.random.IntN(n)]
		if s.chance(20) {
			s.move(c)
		}
		s.startOrder(c)
		return
	}
	c := s.register()
	s.after(s.between(time.Minute, 10*time.Minute), func() { s.startOrder(c) })
}

func (s *shop) register() *customer {
	s.people++
	m := &markets[s.random.IntN(len(markets))]
	c := &customer{subject: subject{stream: fmt.Sprintf("customer-%d", 100+s.people)}, market: m, city: pick(s, m.cities)}
	c.name = pick(s, m.first) + " " + pick(s, m.last)
	s.tell(s.story("country:"+m.country), &c.subject, c.stream, "CustomerRegistered",
		"name", c.name, "email", c.stream+"@example.com", "country", m.country, "city", c.city, "newsletter", s.chance(30))
	if len(s.customers) < knownCustomers {
		s.customers = append(s.customers, c)
	} else {
		s.customers[s.people%knownCustomers] = c
	}
	return c
}

func (s *shop) move(c *customer) {
	from := c.city
	c.city = pick(s, c.market.cities)
	s.tell(s.story("country:"+c.market.country), &c.subject, c.stream, "CustomerAddressChanged",
		"country", c.market.country, "from", from, "city", c.city)
}

// An order, with its payment and its shipment.
type order struct {
	subject
	*story
	payment, shipment subject
	customer          *customer
	items             []item
	total             money
	method            string
	declined          int
}

type item struct {
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Quantity  int    `json:"quantity"`
	UnitPrice money  `json:"unit_price"`
	grams     int
}

func (s *shop) startOrder(c *customer) {
	s.orders++
	channel := pick(s, []string{"web", "web", "app", "phone"})
	n := 1000 + s.orders
	o := &order{
		subject: subject{stream: fmt.Sprintf("order-%d", n)}, customer: c,
		story:    s.story("country:"+c.market.country, "channel:"+channel),
		payment:  subject{stream: fmt.Sprintf("payment-%d", n)},
		shipment: subject{stream: fmt.Sprintf("shipment-%d", n)},
		method:   pick(s, c.market.methods),
	}
	s.tell(o.story, &o.subject, c.stream, "OrderStarted", "customer", c.stream, "channel", channel,
		"country", c.market.country, "currency", c.market.currency)
	s.fillBasket(o, 1+s.random.IntN(4))
}

// fillBasket adds items one after the other, and then places the order, or not.
func (s *shop) fillBasket(o *order, items int) {
	if items == 0 {
		if s.chance(8) {
			s.after(48*time.Hour, func() {
				s.tell(o.story, &o.subject, "baskets", "OrderAbandoned", "items", len(o.items), "total", o.total)
			})
			return
		}
		s.after(s.between(time.Minute, 15*time.Minute), func() { s.place(o) })
		return
	}
	s.after(s.between(20*time.Second, 4*time.Minute), func() {
		p := pick(s, products)
		it := item{p.sku, p.name, 1 + s.random.IntN(3), p.price * o.customer.market.rate / 100, p.grams}
		o.items = append(o.items, it)
		o.total += money(it.Quantity) * it.UnitPrice
		s.tell(o.story, &o.subject, o.customer.stream, "ItemAdded", "sku", it.SKU, "name", it.Name,
			"quantity", it.Quantity, "unit_price", it.UnitPrice, "currency", o.customer.market.currency)
		s.fillBasket(o, items-1)
	})
}

func (s *shop) place(o *order) {
	c := o.customer
	address := map[string]string{"name": c.name, "city": c.city, "country": c.market.country}
	s.tell(o.story, &o.subject, c.stream, "OrderPlaced", "customer", c.stream, "items", o.items,
		"total", o.total, "currency", c.market.currency, "ship_to", address)
	s.after(s.between(time.Second, 5*time.Second), func() { s.requestPayment(o) })
}

func (s *shop) requestPayment(o *order) {
	s.tell(o.story, &o.payment, "checkout", "PaymentRequested", "order", o.stream, "amount", o.total,
		"currency", o.customer.market.currency, "method", o.method)
	s.after(s.between(time.Second, 40*time.Second), func() { s.answerPayment(o) })
}

func (s *shop) answerPayment(o *order) {
	if !s.chance(9) {
		s.tell(o.story, &o.payment, "payments", "PaymentAuthorized", "order", o.stream, "amount", o.total,
			"currency", o.customer.market.currency, "authorization", fmt.Sprintf("A%08d", s.random.IntN(1e8)))
		s.after(s.between(time.Second, 3*time.Second), func() { s.confirm(o) })
		return
	}
	reason := pick(s, []string{"insufficient_funds", "expired_card", "suspected_fraud", "timeout"})
	s.tell(o.story, &o.payment, "payments", "PaymentDeclined", "order", o.stream, "amount", o.total,
		"currency", o.customer.market.currency, "reason", reason)
	if o.declined++; o.declined < 3 && s.chance(70) {
		s.after(s.between(time.Minute, 20*time.Minute), func() { s.requestPayment(o) })
		return
	}
	s.after(s.between(time.Hour, 24*time.Hour), func() {
		s.tell(o.story, &o.subject, "checkout", "OrderCancelled", "reason", "not_paid")
	})
}

func (s *shop) confirm(o *order) {
	s.tell(o.story, &o.subject, "checkout", "OrderConfirmed", "payment", o.payment.stream)
	if s.chance(4) {
		s.after(s.between(10*time.Minute, 3*time.Hour), func() {
			s.tell(o.story, &o.subject, o.customer.stream, "OrderCancelled", "reason",
				pick(s, []string{"changed_mind", "found_cheaper", "ordered_twice"}))
			s.tell(o.story, &o.payment, "payments", "PaymentVoided", "order", o.stream, "amount", o.total)
		})
		return
	}
	s.after(s.between(3*time.Hour, 20*time.Hour), func() { s.pack(o) })
}

func (s *shop) pack(o *order) {
	grams := 180 // the box
	for _, it := range o.items {
		grams += it.Quantity * it.grams
	}
	warehouse := pick(s, []string{"warehouse-1", "warehouse-2"})
	s.tell(o.story, &o.shipment, warehouse, "ShipmentPacked", "order", o.stream, "parcels", 1+grams/10_000, "weight_g", grams)
	s.after(s.between(30*time.Minute, 6*time.Hour), func() {
		s.tell(o.story, &o.shipment, warehouse, "ShipmentDispatched", "order", o.stream,
			"carrier", pick(s, o.customer.market.carriers), "tracking", fmt.Sprintf("%s%010d", o.customer.market.country, s.random.Int64N(1e10)))
		s.tell(o.story, &o.payment, "payments", "PaymentCaptured", "order", o.stream, "amount", o.total,
			"currency", o.customer.market.currency)
		s.travel(o)
	})
}

func (s *shop) travel(o *order) {
	if s.chance(10) {
		s.after(s.between(12*time.Hour, 36*time.Hour), func() {
			s.tell(o.story, &o.shipment, "carrier", "ShipmentDelayed", "reason",
				pick(s, []string{"weather", "nobody_home", "customs", "sorting"}))
		})
	}
	s.after(s.between(36*time.Hour, 100*time.Hour), func() {
		s.tell(o.story, &o.shipment, "carrier", "ShipmentDelivered", "order", o.stream,
			"received_by", pick(s, []string{"customer", "neighbour", "pickup_point"}))
		s.after(s.between(24*time.Hour, 200*time.Hour), func() { s.settle(o) })
	})
}

// settle ends an order: most are kept.
func (s *shop) settle(o *order) {
	if !s.chance(11) {
		s.tell(o.story, &o.subject, "orders", "OrderCompleted", "total", o.total, "currency", o.customer.market.currency)
		return
	}
	back := o.items[s.random.IntN(len(o.items))]
	refund := money(back.Quantity) * back.UnitPrice
	s.tell(o.story, &o.subject, o.customer.stream, "OrderReturned", "items", []item{back},
		"reason", pick(s, []string{"damaged", "wrong_size", "not_as_described", "no_longer_wanted"}))
	s.after(s.between(24*time.Hour, 96*time.Hour), func() {
		s.tell(o.story, &o.payment, "payments", "PaymentRefunded", "order", o.stream, "amount", refund,
			"currency", o.customer.market.currency)
	})
}

// A market is a country that the shop sells to.
type market struct {
	country, currency string
	rate              money // hundredths of the currency for a euro
	cities            []string
	first, last       []string
	methods, carriers []string
}

var markets = []market{
	{
		"NL", "EUR", 100,
		[]string{"Utrecht", "Rotterdam", "Groningen", "Den Haag", "Maastricht"},
		[]string{"Sanne", "Daan", "Zoë", "Bram", "Fleur"},
		[]string{"de Vries", "Jansen", "Bakker", "Visser", "Smit"},
		[]string{"ideal", "ideal", "card"},
		[]string{"PostNL", "DHL"},
	},
	{
		"DE", "EUR", 100,
		[]string{"Köln", "Leipzig", "München", "Bremen"},
		[]string{"Jürgen", "Lena", "Paul", "Käthe", "Emil"},
		[]string{"Müller", "Schmidt", "Weiß", "Krüger", "Vogel"},
		[]string{"invoice", "card", "paypal"},
		[]string{"DHL", "Hermes"},
	},
	{
		"FR", "EUR", 100,
		[]string{"Lyon", "Nantes", "Besançon", "Lille"},
		[]string{"Chloé", "Hugo", "Inès", "Jules", "Manon"},
		[]string{"Lefèvre", "Moreau", "Girard", "Dubois"},
		[]string{"card", "card", "paypal"},
		[]string{"Colissimo", "Chronopost"},
	},
	{
		"GB", "GBP", 86,
		[]string{"Leeds", "Bristol", "Glasgow", "Cardiff"},
		[]string{"Olivia", "Harry", "Isla", "Noah"},
		[]string{"O'Neill", "Taylor", "Hughes", "Campbell"},
		[]string{"card", "paypal"},
		[]string{"Royal Mail", "Evri"},
	},
	{
		"SE", "SEK", 1120,
		[]string{"Malmö", "Göteborg", "Umeå", "Västerås"},
		[]string{"Åsa", "Björn", "Elsa", "Nils"},
		[]string{"Lindström", "Åkesson", "Berg", "Holm"},
		[]string{"swish", "card", "invoice"},
		[]string{"PostNord", "Bring"},
	},
}

// products, with the price in euro and the weight.
var products = []struct {
	sku, name string
	price     money
	grams     int
}{
	{"LMP-010", "Desk lamp, brass", 6490, 1400},
	{"LMP-022", "Reading light, clip-on", 1950, 210},
	{"MUG-001", "Mug, speckled", 1250, 380},
	{"MUG-007", "Mug \"Monday\"", 1395, 380},
	{"TPT-003", "Teapot 1.2 l", 3495, 950},
	{"KTL-005", "Kettle, enamel", 4990, 1250},
	{"BLK-014", "Wool blanket 130 × 200", 8900, 1700},
	{"CSH-030", "Cushion, linen", 2450, 520},
	{"CHR-002", "Folding chair, beech", 7990, 4300},
	{"TBL-001", "Side table, oak", 18900, 9800},
	{"SHF-008", "Shelf 80 cm", 3990, 3600},
	{"CLK-004", "Wall clock", 4250, 700},
	{"NTB-012", "Notebook A5, dotted", 895, 260},
	{"PEN-003", "Fountain pen, fine", 2990, 40},
	{"CND-009", "Candle, beeswax", 1190, 300},
	{"BSK-006", "Basket, willow", 2790, 850},
}
