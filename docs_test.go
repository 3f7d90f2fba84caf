package yuncert_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// pages returns the pages that follow the rules of CONTRIBUTING.md for pages.
func pages(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob("docs/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatalf("docs: %q, %v", docs, err)
	}
	return append(docs, "README.md", "CONTRIBUTING.md", "SECURITY.md", "PERFORMANCE.md")
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withoutIndent returns a text whose lines are trimmed, since an example
// indents what a page does not.
func withoutIndent(text string) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// strayBlocks returns the Go blocks of a page that are not, line for line, in one
// of the sources.
func strayBlocks(page string, sources []string) (blocks int, stray []string) {
	for _, block := range goBlock.FindAllStringSubmatch(page, -1) {
		blocks++
		lines := "\n" + withoutIndent(block[1]) + "\n"
		found := false
		for _, source := range sources {
			found = found || strings.Contains("\n"+withoutIndent(source)+"\n", lines)
		}
		if !found {
			stray = append(stray, block[1])
		}
	}
	return blocks, stray
}

// Go code on a page is part of an example, so that it compiles and runs.
func TestPagesShowExamples(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("example*_test.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("examples: %q, %v", names, err)
	}
	names = append(names, "order/acme/example_test.go")
	var sources []string
	for _, name := range names {
		sources = append(sources, readText(t, name))
	}
	for page, least := range map[string]int{"README.md": 2, "docs/migration.md": 5, "docs/dv.md": 1} {
		blocks, stray := strayBlocks(readText(t, page), sources)
		if blocks < least {
			t.Errorf("%s has %d blocks of Go, want at least %d", page, blocks, least)
		}
		for _, block := range stray {
			t.Errorf("%s: no example has these lines:\n%s", page, block)
		}
	}

	// The comparison notices one changed line, a missing line and one too many.
	const source = "func Example() {\n\ta := 1\n\tif a > 0 {\n\t\tb()\n\t}\n}\n"
	for page, want := range map[string]int{
		"```go\na := 1\nif a > 0 {\n\tb()\n}\n```": 0,
		"```go\na := 2\nif a > 0 {\n\tb()\n}\n```": 1,
		"```go\na := 1\n\tb()\n```":                1,
		"```go\na := 1\nc()\nif a > 0 {\n```":      1,
		"```go\na :=\n```":                         1,
	} {
		if _, stray := strayBlocks(page, []string{source}); len(stray) != want {
			t.Errorf("%q: stray blocks %q, want %d", page, stray, want)
		}
	}
}

// Pages wrap at 100 columns, and the first two have a length that people read.
func TestPageSizes(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		lines := strings.Split(strings.TrimSuffix(readText(t, page), "\n"), "\n")
		for n, line := range lines {
			if width := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")); width > 100 {
				t.Errorf("%s:%d has %d columns, more than 100", page, n+1, width)
			}
		}
		if most := map[string]int{"README.md": 120, "CONTRIBUTING.md": 60}[page]; most > 0 && len(lines) > most {
			t.Errorf("%s has %d lines, more than %d", page, len(lines), most)
		}
	}
}

var pageLink = regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)

// Links lead to files of this repository, or to headings of the same page.
func TestPageLinks(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		text := readText(t, page)
		for _, link := range pageLink.FindAllStringSubmatch(goBlock.ReplaceAllString(text, ""), -1) {
			file, heading := link[1], strings.TrimPrefix(link[2], "#")
			if strings.HasPrefix(file, "https://") {
				continue
			}
			target := text
			if file != "" {
				file = filepath.Join(filepath.Dir(page), filepath.FromSlash(file))
				if _, err := os.Stat(file); err != nil {
					t.Errorf("%s links to %q: %v", page, link[1], err)
					continue
				}
				if heading != "" {
					target = readText(t, file)
				}
			}
			if heading != "" && !hasHeading(target, heading) {
				t.Errorf("%s links to #%s, which is not a heading", page, heading)
			}
		}
	}
}

var operationHeading = regexp.MustCompile(`(?m)^## ([A-Z][A-Za-z]+)$`)

// README.md names each operation of docs/operations.md, and the index at the top of
// that page links it.
func TestPagesListOperations(t *testing.T) {
	t.Parallel()
	rules, readme := readText(t, "docs/operations.md"), readText(t, "README.md")
	headings := operationHeading.FindAllStringSubmatch(rules, -1)
	if len(headings) == 0 {
		t.Fatal("docs/operations.md has no operation")
	}
	for _, heading := range headings {
		name := heading[1]
		if !strings.Contains(rules, "["+name+"](#"+strings.ToLower(name)+")") {
			t.Errorf("the index of docs/operations.md does not link %s", name)
		}
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(readme) {
			t.Errorf("README.md does not name %s", name)
		}
	}
}

// hasHeading reports whether a page has the heading of an anchor: the title in
// lower case, hyphens for spaces, without punctuation.
func hasHeading(page, anchor string) bool {
	for line := range strings.SplitSeq(page, "\n") {
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		title = strings.ReplaceAll(strings.ToLower(title), " ", "-")
		if notInAnchors.ReplaceAllString(title, "") == anchor {
			return true
		}
	}
	return false
}

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N}_-]`)
