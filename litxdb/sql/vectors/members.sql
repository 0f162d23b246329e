-- What a person knows sources by
--
-- min-version: 15
-- param: ids = {}
-- column: id           bigint                    Their keys
-- column: source_type  text                      arxiv, kaggle, huggingface or web_search
-- column: title        text                      Title
-- column: url          text                      URL
-- column: fetched_at   timestamp with time zone  When it was fetched
select id, source_type, title, url, fetched_at from sources where id = any(:ids::bigint[])
