-- get
select "SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM" from "ORDER" where "SELECT" = :1

-- get for update
select "SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM" from "ORDER" where "SELECT" = :1 for update

-- getMany
select "SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM" from "ORDER" where "SELECT" in (:1, :2, :3)

-- count of all
select count(*) from "ORDER"

-- insert
insert into "ORDER" ("SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM") values (:1, :2, :3, :4, :5, :6, :7, :8)

-- upsert
merge into "ORDER" "T" using (select "SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM" from "ORDER" where 1 = 0 union all select :1, :2, :3, :4, :5, :6, :7, :8 from DUAL) "S" on ("T"."SELECT" = "S"."SELECT") when matched then update set "T"."LEVEL" = "S"."LEVEL", "T"."USER" = "S"."USER", "T"."GROUP" = "S"."GROUP", "T"."ORDER" = "S"."ORDER", "T"."INDEX" = "S"."INDEX", "T"."DATE" = "S"."DATE", "T"."FROM" = "S"."FROM" when not matched then insert ("SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM") values ("S"."SELECT", "S"."LEVEL", "S"."USER", "S"."GROUP", "S"."ORDER", "S"."INDEX", "S"."DATE", "S"."FROM")

-- addMany
merge into "ORDER" "T" using (select "SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM" from "ORDER" where 1 = 0 union all select :1, :2, :3, :4, :5, :6, :7, :8 from DUAL union all select :9, :10, :11, :12, :13, :14, :15, :16 from DUAL) "S" on ("T"."SELECT" = "S"."SELECT") when matched then update set "T"."ORDER" = "T"."ORDER" + "S"."ORDER" when not matched then insert ("SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM") values ("S"."SELECT", "S"."LEVEL", "S"."USER", "S"."GROUP", "S"."ORDER", "S"."INDEX", "S"."DATE", "S"."FROM")

-- saveNewer
merge into "ORDER" "T" using (select "SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM" from "ORDER" where 1 = 0 union all select :1, :2, :3, :4, :5, :6, :7, :8 from DUAL) "S" on ("T"."SELECT" = "S"."SELECT") when matched then update set "T"."LEVEL" = "S"."LEVEL", "T"."USER" = "S"."USER", "T"."GROUP" = "S"."GROUP", "T"."ORDER" = "S"."ORDER", "T"."INDEX" = "S"."INDEX", "T"."DATE" = "S"."DATE", "T"."FROM" = "S"."FROM" when not matched then insert ("SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM") values ("S"."SELECT", "S"."LEVEL", "S"."USER", "S"."GROUP", "S"."ORDER", "S"."INDEX", "S"."DATE", "S"."FROM")

-- delete
delete from "ORDER" where "SELECT" = :1

-- next page
select "SELECT", "LEVEL", "USER", "GROUP", "ORDER", "INDEX", "DATE", "FROM" from "ORDER" where ("ORDER" > :1 or ("ORDER" = :2 and "FROM" > :3) or ("ORDER" = :4 and "FROM" = :5 and "SELECT" > :6)) order by "ORDER" asc, "FROM" asc, "SELECT" asc fetch next :7 rows only
