#!/bin/sh
# Proposes the changes in environments/ and golden/ as a pull request on GitHub
# or a merge request on GitLab. Without changes it does nothing; a branch that is
# there already is brought up to date.
#
#   pull-request.sh BRANCH TITLE
#
# On GitHub: gh, with GH_TOKEN. On GitLab: PULL_REQUEST_TOKEN, a project access token
# with write_repository.
set -eu
branch=$1 title=$2
cd "$(dirname "$0")/../.."

git add --all environments golden
if git diff --cached --quiet; then
	echo "nothing has changed: no pull request"
	exit 0
fi
git -c user.name=mlfleet-ci -c user.email=mlfleet-ci@users.noreply.github.com commit --quiet --message "$title"

if [ "${GITHUB_ACTIONS:-}" = true ]; then
	gh auth setup-git
	git push --quiet --force origin "HEAD:refs/heads/$branch"
	if [ -z "$(gh pr list --head "$branch" --state open --json number --jq '.[].number')" ]; then
		gh pr create --head "$branch" --base "${GITHUB_REF_NAME:-main}" --title "$title" \
			--body "Made by ${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}."
	fi
elif [ "${GITLAB_CI:-}" = true ]; then
	git push --quiet --force -o merge_request.create -o merge_request.target="$CI_DEFAULT_BRANCH" -o merge_request.title="$title" \
		"https://mlfleet-ci:${PULL_REQUEST_TOKEN:?pull-request.sh: a token that may push}@${CI_SERVER_HOST}/${CI_PROJECT_PATH}.git" \
		"HEAD:refs/heads/$branch"
else
	echo "pull-request.sh: this is neither GitHub's CI nor GitLab's: push the commit yourself" >&2
	exit 1
fi
