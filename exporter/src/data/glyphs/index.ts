export { type Font, type GlyphAtlas, loadAtlas } from './atlas.js';
export { openGlyphs } from './glyphs.js';
