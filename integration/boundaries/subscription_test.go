package boundaries

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// patience is what programs may take on a machine under load.
	patience   = 4 * time.Minute
	maxCourses = 5 // of a student

	subscribed = "subscribed"
)

// answers are what programs may say of a pair.
var answers = []string{subscribed, "has a seat already", "full", "too many courses"}

// courses are the seats of each course, by its name.
type courses map[string]int

// pairs are all courses with each of so many students, whose names begin alike.
func (c courses) pairs(student string, students int) (pairs []string) {
	for course := range c {
		for n := range students {
			pairs = append(pairs, fmt.Sprintf("%s/%s%d", course, student, n))
		}
	}
	slices.Sort(pairs)
	return pairs
}

func (c courses) define(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for course, seats := range c {
		_, err := conn.Exec(t.Context(), "INSERT INTO events (stream, type, payload, tags) VALUES ($1, 'CourseDefined', $2, ARRAY[$3])",
			"course-"+course, map[string]int{"capacity": seats}, "course:"+course)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func shuffled(r *rand.Rand, pairs []string) []string {
	pairs = slices.Clone(pairs)
	r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	return pairs
}

// check holds what programs have said, lines of a pair and its answer, against the log: no course has more students than seats, no student has two seats of a course or
// more courses than allowed, who was told of a seat has one, once, and who was refused was refused for a reason.
func (c courses) check(t *testing.T, conn *pgx.Conn, pairs []string, said string, programs int) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT tags FROM events WHERE type = 'Subscribed' ORDER BY position")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
	if err != nil {
		t.Fatal(err)
	}
	taken, attended, seats := map[string]int{}, map[string]int{}, map[string]int{}
	for _, tags := range all {
		course, student := strings.TrimPrefix(tags[0], "course:"), strings.TrimPrefix(tags[1], "student:")
		if _, ours := c[course]; !ours {
			continue
		}
		taken[course]++
		attended[student]++
		if seats[course+"/"+student]++; seats[course+"/"+student] > 1 {
			t.Errorf("%s has %d seats of %s", student, seats[course+"/"+student], course)
		}
		if taken[course] > c[course] {
			t.Errorf("%s has %d students and %d seats", course, taken[course], c[course])
		}
		if attended[student] > maxCourses {
			t.Errorf("%s has %d courses", student, attended[student])
		}
	}
	told, lines := map[string]int{}, 0
	for line := range strings.Lines(said) {
		pair, answer, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !slices.Contains(answers, answer) {
			t.Fatalf("a program says %q", line)
		}
		if lines++; answer == subscribed {
			told[pair]++
		}
	}
	if lines != programs*len(pairs) {
		t.Errorf("%d answers, of %d programs for %d pairs", lines, programs, len(pairs))
	}
	for _, pair := range pairs {
		course, student, _ := strings.Cut(pair, "/")
		if told[pair] != seats[pair] {
			t.Errorf("of %s %d programs were told that it is subscribed, and %d events say so", pair, told[pair], seats[pair])
		}
		if seats[pair] == 0 && taken[course] < c[course] && attended[student] < maxCourses {
			t.Errorf("%s was refused; the course has %d of %d students, the student %d courses", pair, taken[course], c[course], attended[student])
		}
	}
}
