"""What is found in a source file of each language, and by which name."""

from __future__ import annotations

import time
from pathlib import Path
from textwrap import dedent

import pytest

from librarian.cutting import MOST_CHARACTERS, MOST_LINES, bounded, cut, match, plain, source_hash
from librarian.definitions import Definition, TooSlow, definitions
from librarian.languages import LANGUAGES, SUFFIXES, language_of
from librarian.purposes import purpose
from librarian.scanning import scan_file

SOURCES: dict[str, tuple[str, dict[str, str]]] = {
    "a.py": (
        '''
        import x

        # A constant, not a comment of the function.

        # Told above.
        @decorated(
            "more"
        )
        async def outer(a, *, b=1):
            """Do it. Then rest."""
            def inner():
                return lambda: 1
            return inner

        class Store[T]:
            @property
            def size(self): return 1

            class Page:
                def next(self):
                    pass

            @overload
            def get(self, key: str) -> str: ...
            @overload
            def get(self, key: int) -> int: ...
            def get(self, key):
                return self._rows[key]

        if True:
            def conditional(): pass
        ''',
        {
            "outer": '# Told above.\n@decorated(\n    "more"\n)\nasync def outer',
            "outer.inner": "    def inner()",
            "Store.size": "    @property\n    def size(self): return 1",
            "Store.Page.next": "        def next(self):\n            pass",
            "Store.get": "    def get(self, key):\n        return self._rows[key]",
            "conditional": "    def conditional(): pass",
        },
    ),
    "a.ts": (
        """
        /** Says hello. */
        export async function hello<T>(a: T): Promise<T> { return a }
        export function over(a: string): void;
        export function over(a: any) { return a }
        export const arrow = <T,>(a: T) => a;
        const api = { get() { return 1 }, post: async () => 2, deep: { put: function () {} } };
        export abstract class Shop<T> {
          private static count = (a: number) => a + 1;
          @Input()
          @Output()
          render(): void {}
          get total() { return 1 }
          #secret() { return 2 }
          abstract missing(): void;
        }
        namespace Net.Http { export function fetchAll() {} }
        """,
        {
            "hello": "/** Says hello. */\nexport async function hello<T>",
            "over": "export function over(a: any) { return a }",
            "arrow": "export const arrow = <T,>(a: T) => a;",
            "api.get": "get() { return 1 }",
            "api.post": "post: async () => 2",
            "api.deep.put": "put: function () {}",
            "Shop.count": "  private static count = (a: number) => a + 1",
            "Shop.render": "  @Input()\n  @Output()\n  render(): void {}",
            "Shop.total": "  get total()",
            "Shop.#secret": "  #secret()",
            "Shop.missing": "  abstract missing(): void",
            "Net.Http.fetchAll": "export function fetchAll() {}",
        },
    ),
    "a.tsx": (
        """
        // The button.
        export const Button = React.memo(({ text }: Props) => <button>{text}</button>);
        export default function () { return <p/> }
        function Page() { const click = () => 1; return <Button onClick={click}/> }
        """,
        {
            "Button": "// The button.\nexport const Button = React.memo(",
            "default": "export default function () { return <p/> }",
            "Page": "function Page() {",
            "Page.click": "const click = () => 1;",
        },
    ),
    "a.js": (
        """
        exports.load = function () { return 1 };
        module.exports.save = () => 2;
        Queue.prototype.push = function (x) { this.x = x };
        class Queue extends Base { static make = () => new Queue(); *items() { yield 1 } ['odd']() {} }
        const Klass = class { run() {} };
        function* gen() { yield 1 }
        """,
        {
            "load": "exports.load = function () { return 1 };",
            "save": "module.exports.save = () => 2;",
            "Queue.push": "Queue.prototype.push = function",
            "Queue.make": "static make = () => new Queue()",
            "Queue.items": "*items() { yield 1 }",
            "Queue.odd": "['odd']() {}",
            "Klass.run": "run() {}",
            "gen": "function* gen()",
        },
    ),
    "a.cs": (
        """
        namespace Shop.Orders;
        public class Service<T> : IService {
            /// <summary>Takes an order.</summary>
            /// <param name="id">which</param>
            [Authorize]
            [HttpPost("/x")]
            public async Task<int> Take<U>(int id) { int Local(int a) => a; return Local(id); }
            public int Take(string id) => 1;
            public Service() {}
            ~Service() {}
            public static Service<T> operator +(Service<T> a, Service<T> b) => a;
            class Inner { void Deep() {} }
            record Row(int X) { public int Twice() => X * 2; }
        }
        """,
        {
            "Service.Take": "    /// <summary>Takes an order.</summary>",
            "Service.Take.Local": "int Local(int a) => a;",
            "Service.Service": "    public Service() {}",
            "Service.~Service": "    ~Service() {}",
            "Service.operator+": "    public static Service<T> operator +",
            "Service.Inner.Deep": "void Deep() {}",
            "Service.Row.Twice": "public int Twice() => X * 2;",
        },
    ),
    "a.go": (
        """
        package store

        // Open opens a store.
        // It blocks.
        func Open(path string) (*Store, error) { return nil, nil }
        func (s *Store) Close() error { return nil }
        func (s Stack[T]) Push(x T) {}
        var handler = func(w int) {}
        """,
        {
            "Open": "// Open opens a store.\n// It blocks.\nfunc Open",
            "Store.Close": "func (s *Store) Close()",
            "Stack.Push": "func (s Stack[T]) Push",
            "handler": "var handler = func(w int) {}",
        },
    ),
    "a.rs": (
        """
        /// Parses it.
        #[inline]
        pub fn parse<T>(a: T) -> T { a }
        impl<T: Clone> Store<T> { pub async fn get(&self) -> T { todo!() } }
        impl fmt::Display for crate::Row { fn fmt(&self) {} }
        mod inner { pub fn helper() { fn local() {} } }
        trait Shape { fn area(&self) -> f64; fn twice(&self) -> f64 { self.area() * 2.0 } }
        """,
        {
            "parse": "/// Parses it.\n#[inline]\npub fn parse<T>",
            "Store.get": "pub async fn get(&self)",
            "Row.fmt": "fn fmt(&self) {}",
            "inner.helper": "pub fn helper()",
            "inner.helper.local": "fn local() {}",
            "Shape.area": "fn area(&self) -> f64;",
            "Shape.twice": "fn twice(&self)",
        },
    ),
    "A.java": (
        """
        package a.b;
        class Shop<T> {
            /** Sells it. */
            @Override
            public <U> void sell(int a) throws E {}
            void sell(String a, int b) { return; }
            Shop() {}
            static class Till { void ring() {} }
        }
        interface Pays { void pay(); default int twice() { return 2; } }
        enum Kind { A { void go() {} }; void stop() {} }
        record Row(int x) { Row { } int y() { return x; } }
        """,
        {
            "Shop.sell": "    /** Sells it. */\n    @Override\n    public <U> void sell",
            "Shop.Shop": "    Shop() {}",
            "Shop.Till.ring": "void ring() {}",
            "Pays.pay": "void pay();",
            "Pays.twice": "default int twice()",
            "Kind.A.go": "void go() {}",
            "Kind.stop": "void stop() {}",
            "Row.Row": "Row { }",
            "Row.y": "int y()",
        },
    ),
    "a.c": (
        """
        /* Adds. */
        static int *add(int a, int b) { return 0; }
        int (*chosen(void))(int) { return 0; }
        """,
        {"add": "/* Adds. */\nstatic int *add", "chosen": "int (*chosen(void))(int)"},
    ),
    "a.cpp": (
        """
        namespace ns::deep {
        template <class T> class Vec {
         public:
          Vec() {}
          ~Vec() {}
          template <class U> void push(U&& x) { }
          bool operator==(const Vec& o) const { return true; }
          operator bool() const { return true; }
          class Iter { int next() { return 1; } };
        };
        }
        template <class T>
        void ns::deep::Vec<T>::grow(int n) { }
        int &reference() { static int x; return x; }
        extern "C" { int plain(void) { return 1; } }
        namespace { int hidden() { return 2; } }
        """,
        {
            "ns.deep.Vec.Vec": "  Vec() {}",
            "ns.deep.Vec.~Vec": "  ~Vec() {}",
            "ns.deep.Vec.push": "  template <class U> void push",
            "ns.deep.Vec.operator==": "  bool operator==",
            "ns.deep.Vec.operator bool": "  operator bool()",
            "ns.deep.Vec.Iter.next": "int next()",
            "ns.deep.Vec.grow": "template <class T>\nvoid ns::deep::Vec<T>::grow",
            "reference": "int &reference()",
            "plain": "int plain(void)",
            "hidden": "int hidden()",
        },
    ),
}


def found(file: str, source: str) -> list[Definition]:
    language = language_of(file, source.encode())
    assert language is not None
    return definitions(source.encode(), language)


@pytest.mark.parametrize("file", SOURCES)
def test_each_function_is_found_by_its_qualified_name_and_no_other(file: str) -> None:
    source, expected = dedent(SOURCES[file][0]), SOURCES[file][1]
    assert {one.name for one in found(file, source)} == set(expected)
    for name, begins in expected.items():
        made = cut(source.encode(), file, name, None)
        assert made is not None, name
        assert made.text.startswith(begins), f"{name}: {made.text!r}"


@pytest.mark.parametrize("file", [*SOURCES, "operator.py", "macro.cpp", "new.cpp"])
def test_each_name_means_its_own_definition(file: str) -> None:
    more = {
        "operator.py": "def test_operator_left(): pass\ndef operator(): pass\ndef operators(): pass\n",
        "macro.cpp": "class V8_EXPORT A : B { V8_INLINE static A* Cast(Value* v) { return 0; } };\nint my_operator() {}\n",
        "new.cpp": "void* A::operator new(size_t n) { return 0; }\nint A::operator()(int a) { return a; }\n",
    }
    having = found(file, more.get(file) or dedent(SOURCES[file][0]))
    assert len(having) > 1
    for one in having:
        meant = match(having, one.name, one.line)
        assert meant is not None and meant.name == one.name
        assert plain(one.name) == one.name


@pytest.mark.parametrize("file", SOURCES)
def test_every_language_is_found_with_the_line_ends_of_windows_too(file: str) -> None:
    source = dedent(SOURCES[file][0])
    plain_ones, others = found(file, source), found(file, source.replace("\n", "\r\n"))
    assert [(one.name, one.line) for one in plain_ones] == [(one.name, one.line) for one in others]


def test_every_language_has_a_suffix_and_a_case() -> None:
    assert set(SUFFIXES.values()) == set(LANGUAGES)
    covered = {language_of(file, source.encode()) for file, (source, _) in SOURCES.items()}
    assert covered == set(LANGUAGES.values())


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("ns::Class::method", "ns.Class.method"),
        ("(*Store).Close", "Store.Close"),
        ("(Stack[T]).Push", "Stack.Push"),
        ("Vec<T>::push(int, U&&)", "Vec.push"),
        ("List<Map<K, V>>.get()", "List.get"),
        ("Queue#push", "Queue.push"),
        ("Shop.#secret", "Shop.#secret"),
        ("Vec::operator==", "Vec.operator=="),
        ("Vec::operator()", "Vec.operator()"),
        ("operators.add", "operators.add"),
        (" outer . inner ", "outer.inner"),
    ],
)
def test_a_name_is_the_same_in_the_spelling_of_its_language(given: str, name: str) -> None:
    assert plain(given) == name


def test_a_name_is_found_by_its_end_and_under_its_package() -> None:
    source = dedent(SOURCES["a.cs"][0]).encode()
    for name in ("Shop.Orders.Service.Inner.Deep", "Inner.Deep", "Deep"):
        made = cut(source, "a.cs", name, None)
        assert made is not None and made.text == "void Deep() {}"


def test_the_method_of_another_class_is_not_taken_for_it() -> None:
    source = b"class A:\n    def run(self):\n        pass\n\ndef walk():\n    pass\n"
    assert cut(source, "a.py", "B.run", 2) is None
    assert cut(source, "a.py", "B.walk", 5) is None
    made = cut(source, "a.py", "package.module.walk", 5)
    assert made is not None and made.text == "def walk():\n    pass"


def test_of_several_of_a_name_the_one_nearest_to_the_line_is_cut() -> None:
    source = dedent(SOURCES["A.java"][0]).encode()
    for line, text in ((6, "public <U> void sell"), (7, "void sell(String a")):
        made = cut(source, "A.java", "Shop.sell", line)
        assert made is not None and text in made.text


def test_a_source_that_does_not_parse_gives_what_can_be_seen_in_it() -> None:
    source = "def good():\n    return 1\n\ndef broken(:\n  ((((\n\nclass C:\n    def also(self):\n        return 2\n"
    assert "good" in {one.name for one in found("a.py", source)}
    for junk in ("", "\ufeff", "((((" * 50, "\x01\x02" * 100, "def f(" * 50):
        for file in SOURCES:
            found(file, junk)


@pytest.mark.parametrize("file", SOURCES)
def test_a_source_made_to_be_slow_is_given_up(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    language = language_of(file, b"")
    assert language is not None
    began = time.monotonic()
    # Quick to parse, and slow to search.
    for slow in ("{" * 50_000, "(" * 50_000):
        with pytest.raises(TooSlow):
            definitions(slow.encode(), language)
        assert cut(slow.encode(), file, "f", 1) is None
    # Slow to parse.
    monkeypatch.setattr("librarian.definitions.MOST_SECONDS", 0.0)
    with pytest.raises(TooSlow):
        definitions(b"}{)(def f(" * 10_000, language)
    assert time.monotonic() - began < 10
    monkeypatch.undo()
    assert found(file, dedent(SOURCES[file][0]))


def test_a_source_nested_too_deeply_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("librarian.definitions.MOST_SECONDS", 0.5)
    language = language_of("a.js", b"")
    assert language is not None
    began = time.monotonic()
    with pytest.raises(TooSlow):
        definitions(b"function a() {\n" * 10_000 + b"}\n" * 10_000, language)
    assert time.monotonic() - began < 10


OF_RUST = """
impl Tr for (u8, u16) { fn a(&self) { 1; } }
impl Tr for fn(A,
    B) { fn b(&self) { 1; } }
impl<'x> Tr for &'x mut [u8] { fn c(&self) { 1; } }
impl Tr for () { fn d(&self) { 1; } }
"""


def test_what_was_registered_is_known_again_whatever_its_name_looks_like() -> None:
    language = language_of("a.rs", b"")
    assert language is not None
    having = definitions(OF_RUST.encode(), language)
    assert [one.name for one in having] == ["(u8, u16).a", "fn(A, B).b", "'x mut [u8].c", "().d"]
    for one in having:
        assert match(having, one.name, one.line) is one


def test_control_characters_in_documentation_keep_no_function_from_being_registered(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"def f():\n    '''Rings \x07 twice.'''\n")
    (made,) = scan_file(str(tmp_path), "a.py").functions
    assert made["purpose"].split() == ["Rings", "twice."]


@pytest.mark.parametrize(
    ("file", "source", "name", "text"),
    [
        ("a.rb", "class A\n  # Says it.\n  def say(x)\n    puts x\n  end\n\n  def other\n  end\nend\n", "A.say",
         "  # Says it.\n  def say(x)\n    puts x\n  end"),
        ("a.php", "<?php\nfunction a() {\n  if (1) { b(); }\n}\nfunction b() {}\n", "a",
         "function a() {\n  if (1) { b(); }\n}"),
        ("a.lua", "local x = go()\nfunction go()\n  return 1\nend\n", "go", "function go()\n  return 1\nend"),
        ("a.js", "const {\n  odd: function odd (a) {\n    return a\n  }\n", "odd", "  odd: function odd (a) {"),
    ],
)  # fmt: skip
def test_without_a_definition_in_a_grammar_the_block_is_cut_by_its_shape(
    file: str, source: str, name: str, text: str
) -> None:
    made = cut(source.encode(), file, name, None)
    assert made is not None
    assert made.text.startswith(text)


def test_a_name_that_is_only_mentioned_is_not_cut() -> None:
    assert cut(b"x = go()\nprint(go)\n", "a.rb", "go", 1) is None
    assert cut(b"def other():\n    pass\n", "a.py", "go", 1) is None


def test_long_functions_lose_their_middle_and_say_so() -> None:
    lines = "\n".join(f"line {n}" for n in range(2_000))
    short = bounded(lines)
    assert len(short.splitlines()) == MOST_LINES + 1
    assert "[... 1600 lines are left out here ...]" in short
    assert short.startswith("line 0\n") and short.endswith("line 1999")
    wide = bounded("é" * 100_000)
    assert len(wide) < MOST_CHARACTERS + 100 and "characters are left out" in wide
    source = "def f():\n" + "\n".join(f"    x{n} = 1" for n in range(1_000))
    made = cut(source.encode(), "a.py", "f", 1)
    assert made is not None and made.source_hash == source_hash(source)


def test_the_hash_is_the_servers_and_leaves_out_white_space_at_line_ends() -> None:
    from resolvers.functions.fields import code_hash

    code = "  def f():  \n\treturn 1\t\n\n\n"
    assert source_hash(code) == code_hash(code) == code_hash("  def f():\n\treturn 1")
    assert source_hash(code) != source_hash("  def f():\n\treturn 2")


@pytest.mark.parametrize(
    ("doc", "text"),
    [
        ("Open the store. It blocks.", "Open the store."),
        ("Open the store\n\nMore of it.", "Open the store"),
        ("Wrapped over\ntwo lines, e.g. this one. Then", "Wrapped over two lines, e.g. this one."),
        ("/** Sells {@code x} it.\n * @param a what\n */", "Sells x it."),
        ("/**\n * Returns the\n * rest\n * @return it\n */", "Returns the rest"),
        (
            '/// <summary>\n/// Takes an order.\n/// </summary>\n/// <param name="a">b</param>',
            "Takes an order.",
        ),
        ("// Open opens v1.2 of it\n// and waits.", "Open opens v1.2 of it and waits."),
        ("/*! \\brief Adds two. */", "Adds two."),
        (":param x: nothing", ""),
        ("# ----------\n# Real text", "Real text"),
        ("// TODO: remove\n", ""),
        ("// eslint-disable-next-line", ""),
        ("x" * 1_000, "x" * 397 + "..."),
        ("", ""),
    ],
)
def test_the_purpose_is_the_first_sentence_of_the_documentation(doc: str, text: str) -> None:
    assert purpose(doc) == text
