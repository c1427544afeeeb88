/** Style of the report: light or dark as its reader has it; three line colours that the colour-blind tell apart (Okabe and Ito). */
export const style = `
:root { color-scheme: light dark; --text: #1d2129; --dim: #5c6470; --ground: #fff; --card: #f6f7f9; --line: #d9dde3; --bad: #b3261e; --c0: #0072b2; --c1: #d55e00; --c2: #8f4f9f; --c3: #7a8290; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8ec; --dim: #9aa3b0; --ground: #14171c; --card: #1d2127; --line: #353b45; --bad: #ff8a80; --c0: #56b4e9; --c1: #f0a04b; --c2: #cc79a7; --c3: #8d96a5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 64rem; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; color: var(--dim); }
.bad { color: var(--bad); font-weight: 600; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border-radius: .5rem; padding: .6rem .8rem; }
.tiles small { display: block; color: var(--dim); }
.tiles b { font-size: 1.3rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1rem; }
figure { margin: 0; background: var(--card); border-radius: .5rem; padding: .75rem .75rem .25rem; }
figcaption { display: flex; flex-wrap: wrap; gap: 0 .5rem; align-items: baseline; }
figcaption small { color: var(--dim); }
.legend { margin-left: auto; display: flex; gap: .75rem; font-size: .85rem; }
.key::before { content: ''; display: inline-block; width: .9rem; height: .2rem; margin-right: .3rem; vertical-align: middle; background: currentColor; }
.key.k0 { color: var(--c0); } .key.k1 { color: var(--c1); } .key.k2 { color: var(--c2); } .key.k3 { color: var(--c3); }
svg { width: 100%; height: auto; display: block; }
svg text { font-size: 14px; fill: var(--dim); }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg path { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg path.k0 { stroke: var(--c0); } svg path.k1 { stroke: var(--c1); } svg path.k2 { stroke: var(--c2); } svg path.k3 { stroke: var(--c3); }
svg circle.k0 { fill: var(--c0); } svg circle.k1 { fill: var(--c1); } svg circle.k2 { fill: var(--c2); } svg circle.k3 { fill: var(--c3); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.figures th, .figures td { text-align: right; white-space: nowrap; }
.facts th { width: 11rem; font-weight: 400; color: var(--dim); }
.facts td { overflow-wrap: anywhere; }
@media (max-width: 30rem) { .facts th { width: 7rem; } .legend { margin-left: 0; width: 100%; } }
`;
