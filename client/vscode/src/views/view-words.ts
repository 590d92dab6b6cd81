// What the views themselves say, in the user's language.
import { l10n } from 'vscode';

export function viewWords(): Readonly<Record<string, string>> {
  return {
    asTable: l10n.t('As a table'),
    nothing: l10n.t('Start debugging a scenario to see its run here.'),
    filter: l10n.t('Filter'),
    filterHint: l10n.t('Show what has this text in it (/)'),
    zoomIn: l10n.t('Zoom in (+)'),
    zoomOut: l10n.t('Zoom out (-)'),
    whole: l10n.t('Show the whole run (0)'),
    previousFinding: l10n.t('Previous finding (p)'),
    nextFinding: l10n.t('Next finding (n)'),
    back: l10n.t('One step back (Left)'),
    forward: l10n.t('One step forward (Right)'),
    cursorAt: l10n.t('After {0} of {1} steps', '{0}', '{1}'),
    keys: l10n.t('Left and Right move the cursor, Home and End go to the ends, Up and Down choose, Enter opens.'),
    drawing: l10n.t('Drawing'),
    copyAsText: l10n.t('Copy as text'),
    explore: l10n.t('Explore'),
    exploreAll: l10n.t('all interleavings'),
    exploreSwitches: l10n.t('with few switches'),
    exploreRandom: l10n.t('random runs'),
    explorePct: l10n.t('random runs by PCT'),
    exploreEstimate: l10n.t('estimate only'),
    switches: l10n.t('switches at most'),
    runs: l10n.t('runs'),
    seed: l10n.t('seed'),
    pctDepth: l10n.t('depth'),
    cancel: l10n.t('Cancel'),
    progress: l10n.t('Done so far'),
  };
}
