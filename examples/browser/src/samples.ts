/** Drawings that come with the page: the network was trained with photographs, so they are only roughly its kind. */
const files = import.meta.glob<string>('./samples/*.svg', { eager: true, query: '?url', import: 'default' });

export const samples = Object.entries(files).map(([path, url]) => ({
  name: path.slice(path.lastIndexOf('/') + 1, -'.svg'.length),
  url,
}));
