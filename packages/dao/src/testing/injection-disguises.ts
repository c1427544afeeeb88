/** Hostile strings that are no SQL as they stand: see `injection-corpus.ts`. */

/** What patterns mean something by. */
export const wildcards: readonly string[] = [`%`, `_`, `%%`, `_%`, `\\%`, `\\_`, `[a-z]`, `*`, `?*`, `.*`, `^`, `%' escape '`, `!_`, `|%`];

/** What stands for a value, for drivers, templates, loggers and directories. */
export const binds: readonly string[] = [
  `?`,
  `??`,
  `???`,
  `:1`,
  `:0`,
  `:name`,
  `::text`,
  `$1`,
  `$name`,
  `@1`,
  `@name`,
  `{0}`,
  `{{name}}`,
  '${1}',
  `#{1}`,
  `<%= 1 %>`,
  `{% 1 %}`,
  `\${jndi:ldap://x/a}`,
  `%s`,
  `%d%n%x`,
  `%1$s`,
  `%(name)s`,
  `!{1}`,
  `[[1]]`,
  `*)(uid=*))(|(uid=*`,
  `)(|(cn=*)`,
  `' or '1'='1' ]/* | //*[`,
  `$ne`,
  `{"$gt":""}`,
  `__proto__`,
  `constructor`,
  `prototype`,
  `toString`,
  `valueOf`,
  `hasOwnProperty`,
];

/** Quotes that come encoded, or out of the bytes of another encoding. */
export const encodings: readonly string[] = [
  `%27`,
  `%2527`,
  `%22%20or%201%3D1`,
  `%bf%27 or 1=1 --`,
  `%c0%a7`,
  `%u0027`,
  `&#39;`,
  `&apos;`,
  `&quot;`,
  `\\u0027`,
  `\\x27`,
  `\\47`,
  `=27`,
  `+ACc-`,
  `\u00bf\u0027 or 1=1 --`, // what GBK would read as one character and a quote
  `\u00bf\u005c\u0027`,
  `\u7e27`, // 縧: its bytes hold a quote in some encodings
  `\u8a5c'`, // 詜: ends in a backslash in Shift JIS
  `\u8868'; drop table sample; --`, // 表: the same
  `\u5c5c`,
  `\ufeff'`,
  `\u0085'`,
  `\u00a0or\u00a01=1`,
  `'\u000bor\u000b1=1`,
  `'\tor\t1=1`,
  `\u001a`,
  `\u001b[2J`,
  `\b\b\b\b`,
  `\u007f`,
  `\r\nSet-Cookie: x`,
];

/** Characters that look like others, and that careless conversions turn into them. */
export const lookAlikes: readonly string[] = [
  `\u2018`,
  `\u2019 or 1=1`,
  `\u02bc; drop table sample`,
  `\u02b9 or 1=1`,
  `\u2032 or 1=1`,
  `\uff07 or \uff071\uff07=\uff071`,
  `\uff02 or 1=1`,
  `\uff40`,
  `\uff1b drop table sample`,
  `\uff0d\uff0d`,
  `\u2013\u2013`,
  `\u037e drop table sample`, // the Greek question mark
  `\u201c or \u201d`,
  `'\u0301 or 1=1`, // a quote with an accent
  `\u202e' ro 1=1`,
  `\u200b'\u200b--`,
  `\uff33\uff25\uff2c\uff25\uff23\uff34`,
  `\u017felect 1`, // ſ is S in upper case
  `drop table \u212aeys`, // the Kelvin sign is k in lower case
  `un\u0131on select`,
  `admın' --`,
  `ADMIN' --`,
  `admin\u200d' --`,
  `\u{1f4a9}'; drop table sample; --`,
];

/** As long as a text may be. */
export const long: readonly string[] = [
  `'`.repeat(4000),
  `(`.repeat(4000),
  `\\`.repeat(3999),
  `' or '1'='1`.repeat(360),
  `${'a'.repeat(3990)}' or 1=1`,
  `${'ß'.repeat(1990)}'; drop --`,
  `${'🎲'.repeat(990)}' or 1=1 --`,
  `?`.repeat(1000),
  `:1,`.repeat(1000),
  `/*`.repeat(2000),
];

/** What no text may hold: U+0000, half a character, a byte too many. */
export const unfitTexts: readonly string[] = [
  `\u0000`,
  `'\u0000`,
  `admin\u0000' --`,
  `\u0000'; drop table sample; --`,
  `sample\u0000.txt`,
  `\ud800'`,
  `'\udc00`,
  `${'x'.repeat(4000)}'`,
];
