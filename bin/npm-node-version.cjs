// Loaded into npm by bin/dev. npm leaves out optional packages, silently, whose `engines` do not fit the Node that npm
// itself runs on, which is Debian's 18 on Debian 12. They will run on the Node that package.json brings, so npm is to
// compare with that one.
const { optionalDependencies } = require('../package.json');

Object.defineProperty(process, 'version', { value: `v${optionalDependencies[`node-linux-${process.arch}`]}` });
