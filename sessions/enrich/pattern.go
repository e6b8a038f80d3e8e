package enrich

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode"
)

// A pattern is one entry of the crawler list, prepared for fast matching: a user
// agent can match only if it contains one of the literals.
type pattern struct {
	literals []string
	confirm  *regexp.Regexp // nil when containing a literal is already the match
	library  bool           // of an HTTP library, by the list
}

// maxLiterals bounds how many spellings a pattern may be spread into. The list
// needs at most ten.
const maxLiterals = 16

// compilePattern prepares one regular expression of the list. It fails on an
// expression Go cannot read and on one without any required text of at least
// gramLen bytes, which could not be looked up.
func compilePattern(expression string) (pattern, error) {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return pattern{}, fmt.Errorf("parse crawler pattern %q: %w", expression, err)
	}
	literals, whole := spell(tree.Simplify())
	if len(shortest(literals)) < gramLen {
		return pattern{}, fmt.Errorf("crawler pattern %q: no required text of %d bytes", expression, gramLen)
	}
	p := pattern{literals: literals}
	if !whole {
		if p.confirm, err = regexp.Compile(expression); err != nil {
			return pattern{}, fmt.Errorf("compile crawler pattern %q: %w", expression, err)
		}
	}
	return p, nil
}

// spell returns texts of which every match of the expression contains one. whole
// says that the expression matches exactly these texts and nothing else. No
// texts means that none can be told.
func spell(re *syntax.Regexp) (texts []string, whole bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpLiteral:
		return spellLiteral(re.Rune, re.Flags&syntax.FoldCase != 0)
	case syntax.OpCharClass:
		return spellClass(re.Rune)
	case syntax.OpCapture:
		return spell(re.Sub[0])
	case syntax.OpAlternate:
		return spellAlternatives(re.Sub)
	case syntax.OpConcat:
		return spellSequence(re.Sub)
	}
	return nil, false
}

// spellLiteral spreads a text into its spellings; fold says that its letters may
// be written in either case, which is how the parser reads [bB].
func spellLiteral(text []rune, fold bool) ([]string, bool) {
	if !fold {
		return []string{string(text)}, true
	}
	spellings := []string{""}
	for _, r := range text {
		cases := []string{string(r)}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			cases = append(cases, string(other))
		}
		if len(spellings)*len(cases) > maxLiterals {
			return nil, false
		}
		spellings = product(spellings, cases)
	}
	return spellings, true
}

// spellClass spreads a small character class such as [bB]; ranges holds pairs of
// first and last character.
func spellClass(ranges []rune) ([]string, bool) {
	var texts []string
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if len(texts) == maxLiterals {
				return nil, false
			}
			texts = append(texts, string(r))
		}
	}
	return texts, true
}

// spellAlternatives joins what each branch requires. A branch that requires
// nothing makes the whole require nothing.
func spellAlternatives(branches []*syntax.Regexp) (texts []string, whole bool) {
	whole = true
	for _, branch := range branches {
		spelled, exact := spell(branch)
		if len(spelled) == 0 || len(texts)+len(spelled) > maxLiterals {
			return nil, false
		}
		texts, whole = append(texts, spelled...), whole && exact
	}
	return texts, whole
}

// spellSequence multiplies out neighbours that are spelled exactly and keeps the
// run whose shortest text is the longest, because that one is met least often.
func spellSequence(parts []*syntax.Regexp) (best []string, whole bool) {
	run, whole := []string{""}, true
	keep := func(texts []string) {
		if len(shortest(texts)) > len(shortest(best)) {
			best = texts
		}
	}
	for _, part := range parts {
		texts, exact := spell(part)
		if exact && len(texts) > 0 && len(run)*len(texts) <= maxLiterals {
			run = product(run, texts)
			continue
		}
		whole = false
		keep(run)
		keep(texts)
		run = []string{""}
	}
	if whole {
		return run, true
	}
	keep(run)
	return best, false
}

// product appends each ending to each beginning.
func product(beginnings, endings []string) []string {
	out := make([]string, 0, len(beginnings)*len(endings))
	for _, b := range beginnings {
		for _, e := range endings {
			out = append(out, b+e)
		}
	}
	return out
}

// shortest returns the shortest of texts, "" if there are none.
func shortest(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	s := texts[0]
	for _, t := range texts[1:] {
		if len(t) < len(s) {
			s = t
		}
	}
	return s
}
